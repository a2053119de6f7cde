import Type, { type Static, type TSchema } from 'typebox'
import { CONVERSATION_EVENTS, type DeskEvent, OFFER_EVENTS } from './desk-events.ts'
import { event, Seq } from './event.ts'
import { RoomId, UserId } from './ids.ts'
import { MAX } from './limits.ts'
import { Emoji, MessageText, Title } from './text.ts'

export { Seq } from './event.ts'

export const Role = Type.Union(
  [Type.Literal('owner'), Type.Literal('moderator'), Type.Literal('member'), Type.Literal('reader')],
  {
    description: 'What a member may do in a room; a reader may not write',
  },
)
export type Role = Static<typeof Role>

/** The kinds of room that people make. */
export const OwnKind = Type.Union([Type.Literal('group'), Type.Literal('direct'), Type.Literal('public')], {
  description: 'group: by invitation. direct: two people, for good. public: anyone may join and read.',
})
export type OwnKind = Static<typeof OwnKind>
export const RoomKind = Type.Union(
  [
    Type.Literal('group'),
    Type.Literal('direct'),
    Type.Literal('public'),
    Type.Literal('conversation'),
    Type.Literal('notes'),
  ],
  {
    description:
      'group: by invitation. direct: two people, for good. public: anyone may join and read. conversation: a visitor and the agent of a desk. notes: the agent alone, beside a conversation.',
  },
)
export type RoomKind = Static<typeof RoomKind>

export const FileReference = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    url: Type.String({ minLength: 1, maxLength: 2_000, pattern: '^https://' }),
    bytes: Type.Optional(Type.Integer({ minimum: 0 })),
    media_type: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { additionalProperties: false },
)

/** What `message.send` and `message` events share. */
export const messageFields = {
  text: MessageText,
  reply_to: Type.Optional(Seq),
  mentions: Type.Optional(Type.Array(UserId, { maxItems: MAX.mentions, uniqueItems: true })),
  files: Type.Optional(Type.Array(FileReference, { maxItems: MAX.files })),
}

/** Every event of a room, by type. Clients must ignore types they do not know. */
export const ROOM_EVENTS = {
  'room.created': event('room.created', 'The room begins, with its first members', {
    kind: RoomKind,
    title: Type.Optional(Title),
    members: Type.Array(Type.Object({ user: UserId, role: Role })),
  }),
  'room.updated': event('room.updated', 'The title changed', { title: Title }),
  'member.added': event('member.added', 'Somebody joined or was added', { user: UserId, role: Role }),
  'member.changed': event('member.changed', 'The role of a member changed', { user: UserId, role: Role }),
  'member.removed': event('member.removed', 'Somebody left or was removed', { user: UserId }),
  message: event('message', 'A message', messageFields),
  'message.edited': event('message.edited', 'The message `target` has another text', {
    target: Seq,
    text: MessageText,
  }),
  'message.deleted': event('message.deleted', 'The message `target` is gone', { target: Seq }),
  'message.reacted': event('message.reacted', 'A reaction to the message `target` was put or taken', {
    target: Seq,
    emoji: Emoji,
    on: Type.Boolean(),
  }),
  ...CONVERSATION_EVENTS,
} as const

/** Every event of a person's own channel `user:<id>`. */
export const USER_EVENTS = {
  'room.added': event('room.added', 'You are a member of this room from its event `room_seq` on', {
    room: RoomId,
    kind: RoomKind,
    title: Type.Optional(Title),
    room_seq: Seq,
  }),
  'room.removed': event('room.removed', 'You are not a member of this room any more', { room: RoomId, room_seq: Seq }),
  ...OFFER_EVENTS,
} as const

export type RoomEvent = {
  [Name in keyof typeof ROOM_EVENTS]: Static<(typeof ROOM_EVENTS)[Name]>
}[keyof typeof ROOM_EVENTS]
export type UserEvent = {
  [Name in keyof typeof USER_EVENTS]: Static<(typeof USER_EVENTS)[Name]>
}[keyof typeof USER_EVENTS]
export type AnyEvent = RoomEvent | UserEvent | DeskEvent

const signal = <Name extends string, Fields extends Record<string, TSchema>>(
  type: Name,
  description: string,
  fields: Fields,
) => Type.Object({ type: Type.Literal(type), ...fields }, { description })

/** Publications without an offset: they may be lost, and are worth nothing a minute later. */
export const SIGNALS = {
  typing: signal('typing', 'On a room: somebody is writing', { user: UserId }),
  receipt: signal('receipt', 'On a room: a member has read up to `seq`', { user: UserId, seq: Seq }),
  presence: signal(
    'presence',
    'On a room: who came online and who went offline since the last one; of large rooms only the count',
    {
      online: Type.Optional(Type.Array(UserId)),
      offline: Type.Optional(Type.Array(UserId)),
      count: Type.Integer({ minimum: 0 }),
    },
  ),
  read: signal('read', 'On your own channel: another device of yours has read a room up to `seq`', {
    room: RoomId,
    seq: Type.Integer({ minimum: 0 }),
    unread: Type.Integer({ minimum: 0 }),
  }),
  'room.changed': signal('room.changed', 'On your own channel: a room that is not subscribed has a new head', {
    room: RoomId,
    head: Seq,
  }),
} as const

export type Signal = { [Name in keyof typeof SIGNALS]: Static<(typeof SIGNALS)[Name]> }[keyof typeof SIGNALS]
