import Type, { type Static } from 'typebox'

/** What every id of a room, user, device or edge looks like. It is one NATS subject token and one MongoDB value, so `.` `*` `>` and operators cannot occur. */
export const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$'

const id = (what: string) =>
  Type.String({ pattern: ID_PATTERN, description: `Id of ${what}: 1 to 64 of A-Z a-z 0-9 _ -` })

export const RoomId = id('a room')
export const UserId = id('a user')
export const DeviceId = id('a device')

/** Shorter than other ids, as the ids of its conversations and their rooms begin with it. */
export const DeskId = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,32}$',
  description: 'Id of a desk: 1 to 32 of A-Z a-z 0-9 _ -',
})
export const ConversationId = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,32}-[A-Za-z0-9_-]{21}$',
  description: 'Id of a conversation, which is also the id of its room: that of its first desk, `-` and 21 characters',
})
export const OfferId = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,32}-[A-Za-z0-9_-]{21}\\.[0-9]{1,15}$',
  description: 'Id of an offer: the conversation, `.` and the revision at which it was made',
})

export const CID_PATTERN = '^[A-Za-z0-9_.:-]{1,64}$'

/** The client's id of a command (G3): the same one answers the same, from any pod, at any later time. */
export const Cid = Type.String({
  pattern: CID_PATTERN,
  description: 'Id that the client gives a command: 1 to 64 of A-Z a-z 0-9 _ . : -. UUIDv7 is the cheapest to check.',
})

export type RoomId = Static<typeof RoomId>
export type UserId = Static<typeof UserId>
export type DeviceId = Static<typeof DeviceId>
export type DeskId = Static<typeof DeskId>
export type ConversationId = Static<typeof ConversationId>
export type OfferId = Static<typeof OfferId>
export type Cid = Static<typeof Cid>

/** The kinds of entity that own a log subject and a dense `seq`. */
export type EntityKind = 'room' | 'user' | 'desk'

/** The name under which the router itself writes events and derived commands; no account can have it, as `$` is not an id character. */
export const SYSTEM = '$system'

const fullId = new RegExp(ID_PATTERN)
export const isId = (value: unknown): value is string => typeof value === 'string' && fullId.test(value)
