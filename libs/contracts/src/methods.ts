import Type, { type Static } from 'typebox'
import { DESK_METHODS } from './desk-methods.ts'
import { messageFields, OwnKind, Role, RoomKind, Seq } from './events.ts'
import { Cid, RoomId, UserId } from './ids.ts'
import { MAX } from './limits.ts'
import { type Method, method, object } from './method.ts'
import { Emoji, MessageText, Title } from './text.ts'

const Done = Type.Object({ seq: Seq }, { description: 'Number of the event that it became' })
const Count = Type.Integer({ minimum: 0 })
const Sent = Type.Object({ seq: Seq, at: Type.Integer({ description: 'Milliseconds since the epoch' }) })

export const RoomEntry = Type.Object({
  room: RoomId,
  kind: RoomKind,
  title: Type.Union([Title, Type.Null()]),
  peer: Type.Optional(Type.Union([UserId, Type.Null()], { description: 'The other one in a direct room' })),
  role: Role,
  head: Count,
  read: Count,
  unread: Count,
  members: Count,
  last: Type.Union(
    [Type.Object({ seq: Seq, from: Type.String(), at: Type.Integer(), text: Type.String() }), Type.Null()],
    {
      description: 'The newest message, its text shortened to 200 characters',
    },
  ),
  at: Type.Integer({ description: 'When something last happened there: milliseconds since the epoch' }),
})
export type RoomEntry = Static<typeof RoomEntry>

export const RoomList = Type.Object({ rooms: Type.Array(RoomEntry) })

export const HistoryPage = Type.Object({
  events: Type.Array(Type.Object({ type: Type.String(), seq: Seq }, { additionalProperties: true }), {
    description:
      'Ascending by seq. A message that was edited since shows its new text and `edited` (milliseconds since the epoch); a deleted one `deleted: true` and no text; `reactions` are the users by emoji.',
  }),
  head: Count,
  more: Type.Boolean({ description: 'Whether there are further events in the direction asked for' }),
})
export type HistoryPage = Static<typeof HistoryPage>

export const MemberEntry = Type.Object({
  user: UserId,
  role: Role,
  since_seq: Seq,
  read: Count,
  name: Type.Optional(Type.String()),
})
export type MemberEntry = Static<typeof MemberEntry>

export const PresenceEntry = Type.Object({
  user: UserId,
  online: Type.Boolean(),
  foreground: Type.Boolean(),
  last_seen: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Milliseconds since the epoch, null if not known',
  }),
})
export type PresenceEntry = Static<typeof PresenceEntry>

const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX.historyEvents, description: '50 if not given' })),
}

/** What a message is sent with that does not become part of it. */
const sendFields = {
  seen: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        'Of a conversation, what one has seen of it: refused with `conflict` if a colleague has answered since',
    }),
  ),
}

/** Every RPC method. The types, the validators, docs/protocol.md and the AsyncAPI document are made from this table. */
export const METHODS = {
  'room.create': method(
    'room',
    'Creates a room; whoever does it becomes its owner. A direct room takes exactly one other member, and there is one for each two people: the second asking gets the first one’s.',
    object({
      cid: Cid,
      kind: OwnKind,
      title: Type.Optional(Title),
      members: Type.Optional(Type.Array(UserId, { maxItems: MAX.roomCreateMembers, uniqueItems: true })),
    }),
    Type.Object({ room: RoomId, seq: Seq }),
  ),
  'room.update': method(
    'room',
    'Gives the room another title (owners and moderators).',
    object({ cid: Cid, room: RoomId, title: Title }),
    Done,
  ),
  'room.join': method('room', 'Joins a public room.', object({ cid: Cid, room: RoomId }), Done),
  'room.leave': method(
    'room',
    'Leaves a room. The last owner passes the room on to its oldest member.',
    object({ cid: Cid, room: RoomId }),
    Done,
  ),
  'room.add': method(
    'room',
    'Adds a member (owners and moderators).',
    object({ cid: Cid, room: RoomId, user: UserId }),
    Done,
  ),
  'room.remove': method(
    'room',
    'Removes a member (owners and moderators; a moderator no owner).',
    object({ cid: Cid, room: RoomId, user: UserId }),
    Done,
  ),
  'room.role': method(
    'room',
    'Gives a member another role (owners).',
    object({ cid: Cid, room: RoomId, user: UserId, role: Role }),
    Done,
  ),
  'message.send': method(
    'room',
    'Sends a message. `publish` on `room:<id>` with `{text, cid?, …}` is the same.',
    object({ cid: Cid, room: RoomId, ...messageFields, ...sendFields }),
    Sent,
  ),
  'message.edit': method(
    'room',
    'Gives one’s own message another text.',
    object({ cid: Cid, room: RoomId, seq: Seq, text: MessageText }),
    Done,
  ),
  'message.delete': method(
    'room',
    'Deletes a message: one’s own, or any as owner or moderator. Its text leaves the history.',
    object({ cid: Cid, room: RoomId, seq: Seq }),
    Done,
  ),
  'message.react': method(
    'room',
    'Puts a reaction to a message or takes it back.',
    object({ cid: Cid, room: RoomId, seq: Seq, emoji: Emoji, on: Type.Boolean() }),
    Done,
  ),
  'mark.read': method(
    'room',
    'Says that everything up to `seq` was read. Never moves back; needs no cid, as sending it again changes nothing.',
    object({ room: RoomId, seq: Seq }),
    Type.Object({ read: Count, unread: Count }),
  ),
  'room.list': method('storage', 'One’s rooms with heads and unread counts, most recent first.', object({}), RoomList),
  'room.members': method(
    'storage',
    'The members of a room, by user id; `after` is the last user of the page before.',
    object({ room: RoomId, after: Type.Optional(UserId) }),
    Type.Object({ members: Type.Array(MemberEntry), more: Type.Boolean() }),
  ),
  'room.history': method(
    'storage',
    'Events before `before_seq`, or the newest, complete up to the head.',
    object({
      room: RoomId,
      before_seq: Type.Optional(Seq),
      after_seq: Type.Optional(Type.Integer({ minimum: 0 })),
      ...page,
    }),
    HistoryPage,
  ),
  'room.online': method(
    'router',
    'Who of a room is online. For a minute after, the room carries `presence` signals.',
    object({ room: RoomId }),
    Type.Object({ online: Type.Array(UserId), count: Count }),
  ),
  'room.typing': method(
    'edge',
    'Tells the others in the room that one is writing: a signal, which may be lost.',
    object({ room: RoomId }),
    object({}),
  ),
  'presence.get': method(
    'router',
    'Whether these users are online.',
    object({ users: Type.Array(UserId, { minItems: 1, maxItems: 100, uniqueItems: true }) }),
    Type.Object({ users: Type.Array(PresenceEntry) }),
  ),
  'presence.set': method(
    'edge',
    'Says whether this connection’s person is looking (foreground, as after connecting) or not (background): pushes follow from it.',
    object({ state: Type.Union([Type.Literal('foreground'), Type.Literal('background')]) }),
    object({}),
  ),
  ...DESK_METHODS,
} as const satisfies Record<string, Method>

export type MethodName = keyof typeof METHODS
export type Params<Name extends MethodName> = Static<(typeof METHODS)[Name]['params']>
export type Result<Name extends MethodName> = Static<(typeof METHODS)[Name]['result']>
/** The methods that a room’s lane decides. */
export type RoomMethod = {
  [Name in MethodName]: (typeof METHODS)[Name]['answerer'] extends 'room' ? Name : never
}[MethodName]

export const isMethod = (name: string): name is MethodName => Object.hasOwn(METHODS, name)

/** What `publish` on `room:<id>` takes: a message whose cid may be left to the edge. */
export const PublishData = object({ ...messageFields, ...sendFields, cid: Type.Optional(Cid) })
