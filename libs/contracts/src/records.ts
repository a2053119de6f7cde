/** What travels between our own services. Trusted: it was validated where it entered. */
import type { Standing, StandingEventName } from './desk-events.ts'
import type { DeskMethod, DeskParams } from './desk-methods.ts'
import type { Conversation, DeskSettingsChange, Details, GoneOffer } from './desks.ts'
import type { Refusal } from './errors.ts'
import type { RoomKind } from './events.ts'
import type { DeviceBody } from './http.ts'
import type { EntityKind } from './ids.ts'
import type { Params, RoomMethod } from './methods.ts'
import type { WebhookEvent } from './webhooks.ts'

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

/** An entity of the log. */
export interface EntityRef {
  readonly kind: EntityKind
  readonly id: string
}

interface Derived<Method extends string, Body> {
  readonly method: Method
  readonly from: string
  readonly cid: string
  readonly roles?: readonly GlobalRole[]
  /** What the person is called, as their token says. */
  readonly name?: string
  readonly body: Body
  readonly reply?: ReplyTo
}

/** A note of an agent that travels with what brings it about. */
export interface CarriedNote {
  readonly from: string
  readonly text: string
}

/** What a desk tells the two rooms of a conversation: how it stands. The room brings its members in line with it. */
export type StandingCommand = Derived<
  'conversation.put',
  {
    readonly event: StandingEventName
    readonly kind: 'conversation' | 'notes'
    readonly title?: string
    readonly standing: Standing
    readonly details?: Details
    readonly note?: CarriedNote
  }
>

/** What a desk tells its agents in their own channels. */
export type OfferCommand =
  | Derived<'user.offer', { offer: string; conversation: string; desk: string; expires_at: number }>
  | Derived<'user.offer-gone', { offer: string; conversation: string; reason: GoneOffer['reason'] }>

/** Commands to a desk that no client sends: of administrators, of other entities, and of the clocks of the routers. */
export type DeskDerivedCommand =
  | Derived<'desk.put', { settings: DeskSettingsChange; create: boolean }>
  | Derived<
      'desk.put-agent',
      { user: string; skills?: string[]; capacity?: number; supervisor?: boolean; bot?: boolean }
    >
  | Derived<'desk.remove-agent', { user: string }>
  /** Something is due. */
  | Derived<'desk.tick', Record<string, never>>
  /** Whose connections are gone for a while, and whose are back. */
  | Derived<'desk.presence', { connected: readonly string[]; gone: readonly string[] }>
  /** Somebody has written: the visitor, or whoever answers. */
  | Derived<'desk.heard', { conversation: string; by: 'visitor' | 'agent' }>
  /** From another desk, which has let go of it. */
  | Derived<'desk.receive', { conversation: Conversation }>

/** Commands to a desk: the params of its RPC method less the `cid`, or one of our own. */
export type DeskCommand =
  | {
      [Name in DeskMethod]: Derived<Name, Omit<DeskParams<Name>, 'cid'>>
    }[DeskMethod]
  | DeskDerivedCommand

/** Commands that a router makes of what was committed, for another entity. */
export type EffectCommand = UserCommand | OfferCommand | StandingCommand | DeskCommand

export type EntityCommand = RoomCommand | StandingCommand | UserCommand | OfferCommand | DeskCommand

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
  /** Of the entry that holds the message, in its stream. */
  readonly log_seq: number
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

/** `pushes`: one event for one webhook. Its address and its secret are looked up when it is sent. */
export interface HookRecord {
  readonly hook: string
  readonly desk: string
  readonly type: WebhookEvent
  /** What it tells of: `<entity>:<seq>`. */
  readonly event: string
  readonly at: number
  /** Not before this moment: milliseconds since the epoch. */
  readonly due_at: number
  /** Of an answer: only if this visitor has not seen it by then. */
  readonly unseen?: { readonly room: string; readonly seq: number; readonly log_seq: number; readonly user: string }
  /** JSON, as it is signed. */
  readonly body: string
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
