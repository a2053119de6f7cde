import type { MethodName, Params, Result } from '@switchboard/contracts/methods'

/** Where a connection stands. After `disconnected` it does not come back by itself. */
export type ConnectionState = 'connecting' | 'connected' | 'disconnected'

/** Nothing was closed and nothing failed. */
export const NO_CODE = 0

export interface Connection {
  readonly state: ConnectionState
  /** Number of the close code or error behind the last change; `NO_CODE` if there was none. */
  readonly code: number
  readonly reason: string
}

/** A channel's position was agreed on with the server. */
export interface Subscribed {
  readonly channel: string
  /** The head of the channel, as the server says. */
  readonly offset: number
  readonly epoch: string
  /** The client had a position and asked for everything after it. */
  readonly wasRecovering: boolean
  /** It gets everything: the publications follow. */
  readonly recovered: boolean
}

export interface Publication {
  readonly channel: string
  /** Absent on signals. */
  readonly offset?: number
  readonly data: unknown
}

export interface TransportEvents {
  connection: Connection
  subscribed: Subscribed
  unsubscribed: { readonly channel: string }
  publication: Publication
}

/** The connection as the rest of this package sees it; `CentrifugeTransport` is the real one. */
export interface Transport {
  readonly connection: Connection
  on<Name extends keyof TransportEvents>(name: Name, listener: (event: TransportEvents[Name]) => void): () => void
  connect(): void
  disconnect(): void
  /** @throws SwitchboardError */
  rpc<Name extends MethodName>(method: Name, params: Params<Name>): Promise<Result<Name>>
  /** Asks for a channel that the server did not subscribe by itself. */
  watch(channel: string): void
  unwatch(channel: string): void
}
