/** `@switchboard/client`: chat rooms in a browser or in Node. See README.md. */
import { CentrifugeTransport } from './centrifuge-transport.ts'
import type { OutboxStore } from './outbox-store.ts'
import { socketAddress } from './socket-address.ts'
import { Switchboard } from './switchboard.ts'

export { AgentDesk, notesRoom } from './agent-desk.ts'
export { isEnded } from './desk-table.ts'
export { type Failure, SwitchboardError } from './failure.ts'
export { type Account, createAccount, login, type Visitor, visit } from './http.ts'
export type { OutgoingMessage, Settled } from './outbox.ts'
export { memoryOutboxStore, type OutboxEntry, type OutboxStore, webOutboxStore } from './outbox-store.ts'
export type { Room } from './room.ts'
export { socketAddress } from './socket-address.ts'
export { Switchboard } from './switchboard.ts'
export type { MessageItem, NoticeItem, TimelineItem } from './timeline-item.ts'
export type { Connection, ConnectionState } from './transport.ts'
export { type DeskInfo, type EnterOptions, type IdentityStore, Visit, type VisitOptions } from './visit.ts'
export { hasEnded, isWaiting, type VisitStatus } from './visit-fold.ts'

export interface ConnectOptions {
  /** Address of the edge, as of the page: `http:` or `https:`. */
  readonly url: string
  readonly user: string
  readonly token?: string
  /** Asked when there is no token or it ran out; reject with a `SwitchboardError` that may not be retried to end the session. */
  readonly getToken?: () => Promise<string>
  /** Where unsent messages survive; without it, in memory. */
  readonly storage?: OutboxStore
  /** For runtimes that have no WebSocket of their own. */
  readonly websocket?: unknown
}

/** Connects and stays connected. Dispose of the result to end it. */
export async function connect({ url, user, storage, ...rest }: ConnectOptions): Promise<Switchboard> {
  const transport = new CentrifugeTransport({ endpoint: socketAddress(url), ...rest })
  const switchboard = new Switchboard({ user, transport, ...(storage === undefined ? {} : { storage }) })
  await switchboard.start()
  return switchboard
}
