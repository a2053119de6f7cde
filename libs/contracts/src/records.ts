/** What travels between our own services. Trusted: it was validated where it entered. */
import type { Refusal } from './errors.ts'
import type { RoomKind } from './events.ts'
import type { DeviceBody } from './http.ts'
import type { Params, RoomMethod } from './methods.ts'

/** Roles of a person in the whole installation, from the token. */
export type GlobalRole = 'admin' | 'supervisor' | 'agent' | 'user' | 'visitor' | 'api'

/** Where a reply goes: `reply.<edge>`, with the number that the edge gave the request. */
export interface ReplyTo {
  readonly edge: string
  readonly request: number
}

/** Commands to a room: the params of its RPC method, less what became the subject (`room`) and `cid`. */
export type RoomCommand = {
  [Name in RoomMethod]: {
    readonly method: Name
    readonly from: string
    readonly cid: string
    readonly roles?: readonly GlobalRole[]
    readonly body: Omit<Params<Name>, 'cid' | 'room'>
    readonly reply?: ReplyTo
  }
}[RoomMethod]

/** Commands to a person's own entity, derived by the router from an event of a room; the cid is made of that event's room, seq and user. */
export type UserCommand =
  | {
      readonly method: 'user.room-added'
      readonly from: string
      readonly cid: string
      readonly body: { room: string; kind: RoomKind; title?: string; room_seq: number }
      readonly reply?: ReplyTo
    }
  | {
      readonly method: 'user.room-removed'
      readonly from: string
      readonly cid: string
      readonly body: { room: string; room_seq: number }
      readonly reply?: ReplyTo
    }

export type EntityCommand = RoomCommand | UserCommand

/** One line of a message on `reply.<edge>`: `ok` or `no`, for the request numbered `r`. */
export type ReplyRecord = { readonly r: number; readonly ok: object } | { readonly r: number; readonly no: Refusal }

/** `marks`: the newest read position of a member; `n` is the number of messages up to `seq`. */
export interface MarkRecord {
  readonly room: string
  readonly user: string
  readonly seq: number
  readonly n: number
  readonly at: number
}

/** `presence`: users of one edge incarnation. `whole` replaces everything known of the edge, else only those named change. `[user, sockets, of them in the foreground]`. */
export interface PresenceRecord {
  readonly edge: string
  readonly whole: boolean
  readonly users: readonly (readonly [user: string, sockets: number, foreground: number])[]
}

export interface Device {
  readonly device: string
  readonly user: string
  readonly provider: DeviceBody['provider']
  readonly target: DeviceBody['target']
  /** Milliseconds since the epoch: a provider's "gone" only counts against older registrations. */
  readonly registered_at: number
}

/** `pushes`: one notification for one device. The message id is `<room>:<seq>:<user>:<device>`, as devices are named by their owners. */
export interface PushRecord {
  readonly room: string
  readonly room_title: string | null
  readonly room_kind: RoomKind
  readonly seq: number
  readonly at: number
  /** Not before this moment: milliseconds since the epoch. */
  readonly due_at: number
  readonly from: string
  readonly from_name: string
  readonly text: string
  readonly user: string
  readonly badge: number
  readonly device: Device
}

/** `kick`: connections of this user end, or those with a token issued before `before` (milliseconds). */
export interface KickRecord {
  readonly user: string
  readonly reason: 'revoked'
}

/** `dead`: what could not be handled. */
export interface DeadRecord {
  readonly service: string
  readonly channel: string
  readonly subject: string
  readonly stream_seq?: number
  readonly reason: string
  readonly at: number
  /** Base64 of the first 64 KiB. */
  readonly payload: string
}
