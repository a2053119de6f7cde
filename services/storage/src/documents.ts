/** What lies in MongoDB. Every document has a string key, made of ids that hold no `:`, and every write is guarded by a number in it. */
import type { Standing } from '@switchboard/contracts/desk-events'
import type { CannedReply } from '@switchboard/contracts/desk-people'
import type { Agent, Conversation, DeskSettings } from '@switchboard/contracts/desks'
import type { Role, RoomKind } from '@switchboard/contracts/events'
import type { DeviceBody } from '@switchboard/contracts/http'
import type { GlobalRole } from '@switchboard/contracts/records'
import type { WebhookEvent } from '@switchboard/contracts/webhooks'
import type { ReactionMarks } from './reactions.ts'

/** What every event has; the fields of its type lie beside these. */
interface AnyEventDocument {
  readonly _id: string
  readonly seq: number
  readonly n: number
  readonly at: number
  readonly type: string
  readonly from: string
  readonly cid: string
  readonly intent: string
  readonly [field: string]: unknown
}

/** One event of a room, `<room>:<seq>`. A message also shows what later events did to it. */
export interface EventDocument extends AnyEventDocument {
  readonly room: string
  /** seq of the newest event that changed text or existence of this one. */
  readonly changed: number
  readonly text?: string
  readonly target?: number
  readonly edited?: number
  readonly deleted?: true
  readonly reactions?: ReactionMarks
}

/** One event of a person's own channel, `<user>:<seq>`. */
export interface UserEventDocument extends AnyEventDocument {
  readonly user: string
}

/** How far the log of an entity is stored: of the stream `epoch`, up to and with the entry `log_seq`. */
export interface LogPosition {
  readonly epoch: string
  readonly log_seq: number
}

export interface LastMessage {
  readonly seq: number
  readonly from: string
  readonly at: number
  readonly text: string
  /** seq of the event that made this text what it is. */
  readonly changed: number
}

export interface RoomDocument extends LogPosition {
  readonly _id: string
  readonly kind: RoomKind | null
  readonly title: string | null
  /** The two people of a direct room, else null. */
  readonly pair: readonly string[] | null
  readonly head: number
  readonly n: number
  readonly at: number
  readonly last: LastMessage | null
  /** Members as of the event `counted`. */
  readonly members: number
  readonly counted: number
  /** Of a room of a conversation. Rooms of before desks have no such field. */
  readonly standing?: Standing | null
}

/** `<room>:<user>`. Those who left stay, `gone`, so that an old write cannot bring them back. */
export interface MemberDocument {
  readonly _id: string
  readonly room: string
  readonly user: string
  readonly role: Role
  readonly since_seq: number
  readonly seq: number
  readonly gone: boolean
  readonly read: number
  readonly read_n: number
}

/** `<user>:<room>`, from the person's own log: complete up to the head of the user. */
export interface MembershipDocument {
  readonly _id: string
  readonly user: string
  readonly room: string
  readonly kind: RoomKind
  readonly title: string | null
  readonly room_seq: number
  readonly at: number
  readonly user_seq: number
  readonly gone: boolean
}

/** A person: the entity, and the account where there is one (`hash`). */
export interface UserDocument extends LogPosition {
  readonly _id: string
  readonly head: number
  readonly at: number
  readonly name?: string
  readonly roles?: readonly GlobalRole[]
  readonly hash?: string
  readonly created_at?: number
  /** Of a visitor whom the customer's own server has named. */
  readonly verified?: { readonly user: string; readonly email?: string }
}

/** `<desk>:<reply>`. */
export interface ReplyDocument {
  readonly _id: string
  readonly desk: string
  readonly reply: CannedReply
}

/** One event of a desk, `<desk>:<seq>`. */
export interface DeskEventDocument extends AnyEventDocument {
  readonly desk: string
}

export interface DeskDocument extends LogPosition {
  readonly _id: string
  readonly head: number
  readonly at: number
  readonly settings: DeskSettings | null
}

/** `<desk>:<user>`. Those who left stay, `gone`, as members do. */
export interface DeskAgentDocument {
  readonly _id: string
  readonly desk: string
  readonly user: string
  readonly seq: number
  readonly gone: boolean
  readonly agent: Agent | null
  /** seq of the last offer to them. */
  readonly served: number
}

/** A conversation, under its own id, with the desk that has it by now. `live`: not over. */
export interface ConversationDocument extends Conversation {
  readonly _id: string
  readonly live: boolean
}

/** Under its own id. The secret is kept as it is: what it signs must be signed again at each delivery. */
export interface WebhookDocument {
  readonly _id: string
  readonly url: string
  /** null: of every desk. */
  readonly desk: string | null
  readonly events: readonly WebhookEvent[]
  readonly secret: string
  /** The one before it, until then: milliseconds since the epoch. */
  readonly former?: { readonly secret: string; readonly until: number }
  readonly changed_at: number
}

/** `<user>:<device>`: what a device is called is the person's own affair. `address` is a digest of provider and target, unique. */
export interface DeviceDocument {
  readonly _id: string
  readonly user: string
  readonly device: string
  readonly provider: DeviceBody['provider']
  readonly target: DeviceBody['target']
  readonly address: string
  readonly registered_at: number
}

/** `<source>:<partition>:<incarnation of the stream>`. */
export interface PositionDocument {
  readonly _id: string
  readonly seq: number
}

export const eventKey = (room: string, seq: number): string => `${room}:${seq}`
export const memberKey = (room: string, user: string): string => `${room}:${user}`
export const membershipKey = (user: string, room: string): string => `${user}:${room}`
export const agentKey = (desk: string, user: string): string => `${desk}:${user}`
export const replyKey = (desk: string, reply: string): string => `${desk}:${reply}`
export const deviceKey = (user: string, device: string): string => `${user}:${device}`
export const positionKey = (source: string, partition: number, incarnation: string): string =>
  `${source}:${partition}:${incarnation}`
