import Type, { type Static, type TSchema } from 'typebox'

/**
 * The frames of the Centrifuge client protocol, version 2, as far as an edge reads or writes them. Names and meaning are the
 * protocol's own. Fields that it may add later are ignored, fields of another type are refused by name. In Protobuf the same
 * structure is used; `data` then carries the JSON as bytes.
 */
const frame = <Fields extends Record<string, TSchema>>(fields: Fields) => Type.Object(fields)
const Flag = Type.Optional(Type.Boolean())
const Text = Type.Optional(Type.String())
const Offset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Channel = Type.String({ minLength: 1, maxLength: 255 })

/** `room:<id>`, `user:<id>` … */
export const CHANNEL_OF = {
  room: (id: string) => `room:${id}`,
  user: (id: string) => `user:${id}`,
  desk: (id: string) => `desk:${id}`,
} as const

const Position = { recover: Flag, epoch: Text, offset: Type.Optional(Offset) }

export const ConnectRequest = frame({
  token: Text,
  data: Type.Optional(Type.Unknown()),
  subs: Type.Optional(Type.Record(Type.String(), frame(Position))),
  name: Text,
  version: Text,
  headers: Type.Optional(Type.Record(Type.String(), Type.String())),
})
export const SubscribeRequest = frame({ channel: Channel, token: Text, ...Position })
export const UnsubscribeRequest = frame({ channel: Channel })
export const PublishRequest = frame({ channel: Channel, data: Type.Unknown() })
export const PresenceRequest = frame({ channel: Channel })
export const HistoryRequest = frame({
  channel: Channel,
  limit: Type.Optional(Type.Integer({ minimum: -1 })),
  since: Type.Optional(frame({ offset: Type.Optional(Offset), epoch: Text })),
  reverse: Flag,
})
export const RpcRequest = frame({ method: Text, data: Type.Optional(Type.Unknown()) })
export const RefreshRequest = frame({ token: Type.String({ minLength: 1 }) })
export const SubRefreshRequest = frame({ channel: Channel, token: Text })

/** Every command of the protocol by the name of its field in the frame. */
export const COMMANDS = {
  connect: ConnectRequest,
  subscribe: SubscribeRequest,
  unsubscribe: UnsubscribeRequest,
  publish: PublishRequest,
  presence: PresenceRequest,
  presence_stats: PresenceRequest,
  history: HistoryRequest,
  ping: frame({}),
  send: frame({ data: Type.Optional(Type.Unknown()) }),
  rpc: RpcRequest,
  refresh: RefreshRequest,
  sub_refresh: SubRefreshRequest,
} as const

export type CommandName = keyof typeof COMMANDS
export type CommandBody<Name extends CommandName> = Static<(typeof COMMANDS)[Name]>
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[]

/** One command as decoded: `name` null is a pong. The body is not validated yet. */
export interface RawCommand {
  readonly id: number
  readonly name: CommandName | null
  readonly body: unknown
}

/** A publication whose data is JSON bytes already: it is written, not parsed. */
export interface Publication {
  readonly offset: number
  readonly data: Uint8Array
}

/** The position that a subscription starts from, and what was recovered up to it. */
export interface SubscribeResult {
  readonly recoverable: true
  readonly positioned: true
  readonly epoch: string
  readonly offset: number
  readonly was_recovering?: true
  readonly recovered?: true
  readonly publications?: readonly Publication[]
}

export interface ConnectResult {
  readonly client: string
  readonly version: string
  readonly subs: Readonly<Record<string, SubscribeResult>>
  readonly expires: true
  /** Seconds until the token expires. */
  readonly ttl: number
  /** Seconds between two pings of the server. */
  readonly ping: number
  readonly pong: true
}

export interface ClientInfo {
  readonly user: string
  readonly client: string
}

/** Results by command. An `rpc` result and `data` are JSON values. */
export interface CommandResults {
  connect: ConnectResult
  subscribe: SubscribeResult
  unsubscribe: Record<string, never>
  publish: Record<string, never>
  presence: { readonly presence: Readonly<Record<string, ClientInfo>> }
  presence_stats: { readonly num_clients: number; readonly num_users: number }
  history: { readonly publications: readonly Publication[]; readonly epoch: string; readonly offset: number }
  ping: Record<string, never>
  rpc: { readonly data: object }
  refresh: { readonly client: string; readonly version: string; readonly expires: true; readonly ttl: number }
  sub_refresh: Record<string, never>
}

export type RepliedCommand = keyof CommandResults

/** What the server sends by itself, apart from publications. */
export type Push =
  | { readonly channel: string; readonly subscribe: SubscribeResult }
  | { readonly channel: string; readonly unsubscribe: { readonly code: number; readonly reason: string } }

/** Why the server ended a subscription: codes from 2500 on ask the client to subscribe again by itself. */
export const UNSUBSCRIBE = {
  removed: { code: 2000, reason: 'not a member any more' },
  replaced: { code: 2000, reason: 'the client has subscribed to it itself' },
  insufficient_state: { code: 2500, reason: 'insufficient state' },
} as const

export type UnsubscribeName = keyof typeof UNSUBSCRIBE

/** WebSocket subprotocol that selects the Protobuf encoding. */
export const PROTOBUF_SUBPROTOCOL = 'centrifuge-protobuf'
