import Type, { type Static } from 'typebox'
import { AgentStatus, Priority, Tags } from './desks.ts'
import { DeskId, UserId } from './ids.ts'
import { MAX } from './limits.ts'
import { object } from './method.ts'
import { Field, MessageText, Name, Title } from './text.ts'

/** A desk as one of its own agents finds it. */
export const OwnDesk = Type.Object({
  desk: DeskId,
  title: Title,
  supervisor: Type.Boolean(),
  status: AgentStatus,
  capacity: Type.Integer({ minimum: 0 }),
})

/** An agent and the name that they gave themselves. */
export const NamedAgent = Type.Object({ user: UserId, name: Type.Optional(Name) })
export type NamedAgent = Static<typeof NamedAgent>

/** The person behind a visit, as far as they are known. */
export const VisitingPerson = Type.Object({
  user: UserId,
  name: Type.Optional(Name),
  verified: Type.Optional(
    Type.Object(
      { user: Field, email: Type.Optional(Field) },
      { description: 'Who they are to the customer’s own server, which has signed it' },
    ),
  ),
})
export type VisitingPerson = Static<typeof VisitingPerson>

export const ReplyId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })
/** What a page does besides, when a reply is used: each thing by its own method. */
export const ReplyActions = object({
  tags: Type.Optional(Tags),
  priority: Type.Optional(Priority),
  close: Type.Optional(Type.Boolean()),
  snooze_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX.snoozeMs / 1_000 })),
  transfer: Type.Optional(Type.Union([object({ agent: UserId }), object({ desk: DeskId })])),
})
export type ReplyActions = Static<typeof ReplyActions>

/** A reply that is kept ready; with actions it is a macro. */
export const CannedReply = object({
  reply: ReplyId,
  title: Title,
  text: MessageText,
  shortcut: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,40}$' })),
  actions: Type.Optional(ReplyActions),
})
export type CannedReply = Static<typeof CannedReply>
