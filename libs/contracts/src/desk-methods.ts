import Type, { type Static } from 'typebox'
import { CannedReply, NamedAgent, OwnDesk, ReplyId, VisitingPerson } from './desk-people.ts'
import { ReportBy, ReportRow } from './desk-reports.ts'
import {
  Agent,
  AgentStatus,
  Capacity,
  Conversation,
  ConversationStatus,
  DeskSettings,
  Form,
  PreChatField,
  Priority,
  Score,
  Tags,
  VisitContext,
} from './desks.ts'
import { Seq } from './event.ts'
import { Cid, ConversationId, DeskId, OfferId, UserId } from './ids.ts'
import { MAX } from './limits.ts'
import { method, object } from './method.ts'
import { Comment, MessageText } from './text.ts'

const Revision = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'As last seen; an older one than the present is refused with `conflict`',
})
const Sent = Type.Object({ seq: Seq, at: Type.Integer({ description: 'Milliseconds since the epoch' }) })
const Moment = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Milliseconds since the epoch',
})
const at = { cid: Cid, conversation: ConversationId, revision: Revision }

/** What `desk.*` does. Answers of a cid that comes again tell how things stand by then. */
export const DESK_METHODS = {
  'desk.enter': method(
    'desk',
    'Begins a conversation, or returns to the one that is open at this desk.',
    object({ cid: Cid, desk: DeskId, form: Type.Optional(Form), context: Type.Optional(VisitContext) }),
    ConversationStatus,
  ),
  'desk.leave': method(
    'desk',
    'The visitor ends the conversation.',
    object({ cid: Cid, conversation: ConversationId }),
    ConversationStatus,
  ),
  'desk.status': method(
    'desk',
    'An agent says whether they take conversations, and how many at a time. Away or offline, those they have wait again.',
    object({ cid: Cid, desk: DeskId, status: AgentStatus, capacity: Type.Optional(Capacity) }),
    Agent,
  ),
  'desk.accept': method('desk', 'Takes what is offered.', object({ cid: Cid, offer: OfferId }), ConversationStatus),
  'desk.decline': method(
    'desk',
    'Leaves what is offered to others; for a moment nothing else is offered.',
    object({ cid: Cid, offer: OfferId }),
    ConversationStatus,
  ),
  'desk.pick': method('desk', 'Takes a conversation that waits.', object(at), ConversationStatus),
  'desk.transfer': method(
    'desk',
    'Hands a conversation on: to an agent, who is asked first, or to a desk, where it waits. The note is for agents alone.',
    object({
      ...at,
      to: Type.Union([object({ agent: UserId }), object({ desk: DeskId })]),
      note: Type.Optional(Comment),
    }),
    ConversationStatus,
  ),
  'desk.hold': method('desk', 'Puts a conversation aside; it still counts.', object(at), ConversationStatus),
  'desk.snooze': method(
    'desk',
    'Puts a conversation off until a moment, or until the visitor writes; it does not count meanwhile.',
    object({ ...at, until: Type.Integer({ minimum: 0, description: 'Milliseconds since the epoch' }) }),
    ConversationStatus,
  ),
  'desk.resume': method('desk', 'Takes up what was put aside or off.', object(at), ConversationStatus),
  'desk.close': method('desk', 'Ends a conversation.', object(at), ConversationStatus),
  'desk.reopen': method(
    'desk',
    'Opens a conversation that has ended: for an agent at once, for the visitor by the queue.',
    object(at),
    ConversationStatus,
  ),
  'desk.priority': method(
    'desk',
    'Gives a conversation another priority.',
    object({ ...at, priority: Priority }),
    ConversationStatus,
  ),
  'desk.tag': method(
    'desk',
    'Gives a conversation these tags in place of those that it has.',
    object({ ...at, tags: Tags }),
    ConversationStatus,
  ),
  'desk.take': method(
    'desk',
    'A supervisor who is an agent of the desk becomes responsible, whoever was.',
    object(at),
    ConversationStatus,
  ),
  'desk.rate': method(
    'desk',
    'The visitor says how it was, from 1 to 5.',
    object({ cid: Cid, conversation: ConversationId, score: Score, comment: Type.Optional(Comment) }),
    ConversationStatus,
  ),
  'desk.note': method(
    'desk',
    'Writes into the room of the agents’ notes, `n-` and the conversation. The visitor has no part in it.',
    object({ cid: Cid, conversation: ConversationId, text: MessageText }),
    Sent,
  ),
  'desk.list': method(
    'storage',
    'The desks where one is an agent; for supervisors of the whole installation, all.',
    object({}),
    Type.Object({ desks: Type.Array(OwnDesk) }),
  ),
  'desk.agents': method(
    'storage',
    'How the agents of a desk are called, for its agents; those who were are named as long as there is room.',
    object({ desk: DeskId }),
    Type.Object({ agents: Type.Array(NamedAgent) }),
  ),
  'desk.conversations': method(
    'storage',
    'What was and is at a desk, newest first, for its agents. `before` is the last one of the page before.',
    object({
      desk: DeskId,
      visitor: Type.Optional(UserId),
      agent: Type.Optional(UserId),
      state: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed')])),
      before: Type.Optional(ConversationId),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX.deskHistory, description: '50 if not given' })),
    }),
    Type.Object({
      conversations: Type.Array(Conversation),
      more: Type.Boolean(),
      person: Type.Optional(VisitingPerson),
    }),
  ),
  'desk.replies': method(
    'storage',
    'The replies that a desk keeps ready, for its agents.',
    object({ desk: DeskId }),
    Type.Object({ replies: Type.Array(CannedReply) }),
  ),
  'desk.reply.put': method(
    'storage',
    'Keeps a reply ready, or changes it (supervisors). Placeholders are filled in by the page.',
    object({ cid: Cid, desk: DeskId, ...CannedReply.properties }),
    CannedReply,
  ),
  'desk.reply.remove': method(
    'storage',
    'Takes a reply away (supervisors).',
    object({ cid: Cid, desk: DeskId, reply: ReplyId }),
    object({}),
  ),
  'desk.report': method(
    'storage',
    'How it went with those who entered from a moment until before another one (supervisors). One that was opened again counts as it went last.',
    object({ desk: DeskId, from: Moment, to: Moment, by: ReportBy }),
    Type.Object({ rows: Type.Array(ReportRow) }),
  ),
  'desk.position': method(
    'router',
    'How a conversation stands, and the place in the queue, for who takes part in it.',
    object({ conversation: ConversationId }),
    Type.Object({
      ...ConversationStatus.properties,
      ask_again_ms: Type.Integer({ description: 'When it is worth asking again' }),
    }),
  ),
  'desk.info': method(
    'router',
    'What anybody may know of a desk before they enter.',
    object({ desk: DeskId }),
    Type.Object({
      desk: DeskId,
      title: Type.String(),
      open: Type.Boolean(),
      opens_at: Type.Union([Type.Integer({ description: 'Milliseconds since the epoch' }), Type.Null()]),
      online: Type.Integer({ minimum: 0, description: 'Agents who take conversations' }),
      waiting: Type.Integer({ minimum: 0 }),
      wait_seconds: Type.Optional(Type.Integer({ minimum: 0 })),
      pre_chat: Type.Array(PreChatField),
    }),
  ),
  'desk.view': method(
    'router',
    'A desk as of its event `head`, for its agents; what comes after it is on `desk:<id>`. Conversations by id; `after` is the last one of the page before.',
    object({ desk: DeskId, after: Type.Optional(ConversationId) }),
    Type.Object({
      desk: DeskId,
      head: Type.Integer({ minimum: 0 }),
      settings: DeskSettings,
      open: Type.Boolean(),
      agents: Type.Array(Agent),
      conversations: Type.Array(Conversation, { maxItems: MAX.deskPage }),
      more: Type.Boolean(),
    }),
  ),
} as const

/** The methods that a desk's lane decides: all that carry a cid, but for the note, which is a message to the agents' room. */
export type DeskMethod = Exclude<
  {
    [Name in keyof typeof DESK_METHODS]: (typeof DESK_METHODS)[Name]['answerer'] extends 'desk' ? Name : never
  }[keyof typeof DESK_METHODS],
  'desk.note'
>
export type DeskParams<Name extends keyof typeof DESK_METHODS> = Static<(typeof DESK_METHODS)[Name]['params']>
