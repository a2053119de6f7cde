/** Questions between services, `ask.<service>.<name>`: request JSON, answer JSON `{ok}` or `{no: Refusal}`. Trusted on both sides. */

import type { Static } from 'typebox'
import type { Standing } from './desk-events.ts'
import type { DeskParams } from './desk-methods.ts'
import type { CannedReply, NamedAgent, OwnDesk, VisitingPerson } from './desk-people.ts'
import type { ReportRow } from './desk-reports.ts'
import type { Agent, Conversation, ConversationStatus, DeskSettings, PreChatField } from './desks.ts'
import type { Refusal } from './errors.ts'
import type { AnyEvent, Role, RoomKind } from './events.ts'
import type { DeviceBody } from './http.ts'
import type { EntityKind } from './ids.ts'
import type { HistoryPage, MemberEntry, PresenceEntry, RoomEntry } from './methods.ts'
import type { PushQueries } from './push-queries.ts'
import type { GlobalRole } from './records.ts'
import type { WebhookQueries } from './webhook-queries.ts'

/** One member as the router keeps it. `read_n`: messages up to `read`, so that unread is `n − read_n`. */
export interface MemberState {
  readonly user: string
  readonly role: Role
  readonly since_seq: number
  readonly read: number
  readonly read_n: number
}

/** A cid that was used, with what it did: enough to answer it again. `intent` is a digest of the command's meaning. */
export interface UsedCid {
  readonly from: string
  readonly cid: string
  readonly seq: number
  readonly at: number
  readonly intent: string
}

/** A room as of its log's head: MongoDB's projection with the unsaved tail folded in. Absent rooms have head 0 and kind null. */
export interface RoomSnapshot {
  readonly room: string
  readonly kind: RoomKind | null
  readonly title: string | null
  readonly head: number
  readonly n: number
  readonly members: readonly MemberState[]
  /** Of a room of a conversation: how that stands. */
  readonly standing?: Standing | null
  /** Stream sequence of the last entry on the room's log subject, 0 if none: what the next publish must expect. */
  readonly log_seq: number
  /** Of that last entry; null if there is none. */
  readonly incarnation: string | null
  readonly input: number
  /** cids of the tail that MongoDB may not have yet; complete for every event after `cids_since`. */
  readonly cids: readonly UsedCid[]
  readonly cids_since: number
  /** When the newest event that is not in `cids` was ordered, at the latest: milliseconds since the epoch. */
  readonly cids_since_at: number
}

/** A person's entity as of its log's head. */
export interface UserSnapshot {
  readonly user: string
  readonly head: number
  readonly log_seq: number
  readonly incarnation: string | null
  readonly input: number
  readonly cids: readonly UsedCid[]
  readonly cids_since: number
  readonly cids_since_at: number
}

/** A desk as of its log's head, or a page of it: conversations that are not over, by id. The other fields are those of the whole. */
export interface DeskSnapshot extends Omit<UserSnapshot, 'user'> {
  readonly desk: string
  readonly at: number
  readonly settings: DeskSettings | null
  readonly agents: readonly Agent[]
  readonly conversations: readonly Conversation[]
  readonly more: boolean
}

/**
 * What an edge needs of a person at connect: `head` is that of `user:<id>`, which the list is complete up to. At most
 * `LIMITS.listPage` rooms, the most recent ones.
 */
export interface UserRooms {
  readonly user: string
  readonly head: number
  readonly rooms: readonly RoomEntry[]
}

export interface MessageFacts {
  readonly seq: number
  readonly from: string
  readonly deleted: boolean
  /** False for events that are no message. */
  readonly message: boolean
  readonly n: number
}

/** Who asks, where storage decides whether they may. */
interface Asking {
  readonly user: string
  readonly roles: readonly GlobalRole[]
}

export interface Query<Ask, Answer> {
  readonly ask: Ask
  readonly answer: Answer
}

/** Answered by any storage pod. */
export interface StorageQueries extends WebhookQueries, PushQueries {
  'room.load': Query<{ room: string }, RoomSnapshot>
  'user.load': Query<{ user: string }, UserSnapshot>
  'cids.find': Query<
    { entity: EntityKind; id: string; lookups: readonly { from: string; cid: string }[] },
    { used: UsedCid[] }
  >
  /** Page by page; `after` is the last conversation of the page before. */
  'desk.load': Query<{ desk: string; after?: string }, DeskSnapshot>
  /** Every desk that there is. */
  'desk.list': Query<Record<string, never>, { desks: string[] }>
  'desk.own': Query<Asking, { desks: Static<typeof OwnDesk>[] }>
  'desk.named': Query<{ desk: string } & Asking, { agents: NamedAgent[] }>
  'desk.conversations': Query<
    DeskParams<'desk.conversations'> & Asking,
    { conversations: Conversation[]; more: boolean; person?: VisitingPerson }
  >
  'desk.report': Query<DeskParams<'desk.report'> & Asking, { rows: ReportRow[] }>
  'reply.list': Query<{ desk: string } & Asking, { replies: CannedReply[] }>
  'reply.put': Query<{ desk: string; reply: CannedReply } & Asking, CannedReply>
  'reply.remove': Query<{ desk: string; reply: string } & Asking, Record<string, never>>
  /** Events of `desk:<id>` after a seq, for its own recovery. */
  'desk.events': Query<
    { desk: string; after_seq: number; limit: number },
    { events: AnyEvent[]; head: number; more: boolean }
  >
  /** Those that a desk's memory does not hold, as of the head of that desk's log. What there is none of is left out. */
  'conversation.load': Query<{ desk: string; conversations: readonly string[] }, { conversations: Conversation[] }>
  /** What commands became, in the order asked: each time the event `seq` and those that it caused, in order. */
  'events.caused': Query<
    { entity: 'room' | 'desk'; id: string; seqs: readonly number[] },
    { caused: { seq: number; events: AnyEvent[] }[] }
  >
  'messages.facts': Query<{ room: string; seqs: readonly number[] }, { facts: MessageFacts[] }>
  /**
   * In the order asked, and as many as fit into one message, at least one: ask again for the others. `heads` are those of their own
   * logs, as far as whoever asks follows them: a list is complete up to there at least, and no log is read for what MongoDB has.
   */
  'user.rooms': Query<{ users: readonly string[]; heads?: readonly number[] }, { lists: UserRooms[] }>
  /** With `user`, refused `not_a_member` unless a member (or the room is public, or of a conversation of one’s desk). Without, for our own services. */
  'room.history': Query<
    {
      room: string
      user?: string
      roles?: readonly GlobalRole[]
      after_seq?: number
      before_seq?: number
      limit?: number
    },
    HistoryPage
  >
  /** Events of `user:<id>` after a seq, for its own recovery. */
  'user.events': Query<
    { user: string; after_seq: number; limit: number },
    { events: AnyEvent[]; head: number; more: boolean }
  >
  'room.members': Query<{ room: string; user: string; after?: string }, { members: MemberEntry[]; more: boolean }>
  /** `watches`: no member, but a supervisor of the desk whose conversation it is. */
  'room.head': Query<
    { room: string; user: string; roles?: readonly GlobalRole[] },
    { head: number; kind: RoomKind; member: boolean; watches?: boolean }
  >
  search: Query<
    { user: string; q: string; room?: string; limit?: number },
    { messages: { room: string; seq: number; at: number; from: string; text: string }[] }
  >
  'account.create': Query<
    { user: string; password: string; name?: string; roles?: readonly GlobalRole[] },
    { user: string }
  >
  'account.login': Query<{ user: string; password: string }, { user: string; name: string; roles: GlobalRole[] }>
  /** What is known of a visitor: kept with whatever is known of people. */
  'visitor.put': Query<
    { user: string; name?: string; verified?: { user: string; email?: string } },
    Record<string, never>
  >
  'device.put': Query<{ user: string; device: string; body: DeviceBody }, Record<string, never>>
  'device.delete': Query<{ user: string; device: string }, Record<string, never>>
  /** A provider said that this person's device is gone: forgotten if it was registered before `registered_before`. Devices are named by their owners, so the user is part of the name. */
  'device.forget': Query<
    { user: string; device: string; registered_before: number; reason: string },
    { forgotten: boolean }
  >
}

/** Answered by the router that owns the room's partition. */
export interface PartitionQueries {
  'room.online': Query<{ room: string; user: string }, { online: string[]; count: number; sockets: number }>
  /** `moved_to`: ask the owner of that desk. */
  'desk.position': Query<
    { desk: string; conversation: string; user: string; roles: readonly GlobalRole[] },
    { moved_to: string } | (ConversationStatus & { ask_again_ms: number })
  >
  'desk.info': Query<{ desk: string }, DeskInfo>
  /** Whether somebody may follow the desk, as of its event `head`. */
  'desk.role': Query<
    { desk: string; user: string; roles: readonly GlobalRole[] },
    { agent: boolean; supervisor: boolean; head: number }
  >
  'desk.view': Query<DeskParams<'desk.view'> & { user: string; roles: readonly GlobalRole[] }, DeskView>
}

export interface DeskInfo {
  readonly desk: string
  readonly title: string
  readonly open: boolean
  readonly opens_at: number | null
  readonly online: number
  readonly waiting: number
  readonly wait_seconds?: number
  readonly pre_chat: readonly PreChatField[]
}

export interface DeskView {
  readonly desk: string
  readonly head: number
  readonly settings: DeskSettings
  readonly open: boolean
  readonly agents: readonly Agent[]
  readonly conversations: readonly Conversation[]
  readonly more: boolean
}

/** Answered by any router. */
export interface RouterQueries {
  'presence.get': Query<{ users: readonly string[] }, { users: PresenceEntry[] }>
}

export type Answered<T> = { readonly ok: T } | { readonly no: Refusal }

/** Names as values, so that a service can subscribe to all of its own. */
export const STORAGE_QUERIES = [
  'room.load',
  'user.load',
  'desk.load',
  'desk.list',
  'desk.events',
  'desk.own',
  'desk.named',
  'desk.conversations',
  'desk.report',
  'reply.list',
  'reply.put',
  'reply.remove',
  'visitor.put',
  'conversation.load',
  'events.caused',
  'cids.find',
  'messages.facts',
  'user.rooms',
  'room.history',
  'user.events',
  'room.members',
  'room.head',
  'search',
  'account.create',
  'account.login',
  'device.put',
  'device.delete',
  'device.forget',
  'push.recipients',
  'webhook.put',
  'webhook.remove',
  'webhook.list',
  'webhook.targets',
] as const satisfies readonly (keyof StorageQueries)[]
