import Type, { type Static, type TSchema } from 'typebox'
import { ConversationId, DeskId, OfferId, UserId } from './ids.ts'
import { MAX } from './limits.ts'
import { Comment, Field, Name, Title } from './text.ts'

const object = <Fields extends Record<string, TSchema>>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false })
const oneOf = <const Names extends readonly string[]>(names: Names, description: string) =>
  Type.Unsafe<Names[number]>(
    Type.Union(
      names.map((name) => Type.Literal(name)),
      { description },
    ),
  )
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const Moment = Type.Integer({ minimum: 0, description: 'Milliseconds since the epoch' })
const Clock = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$' })

export const DeskStrategy = oneOf(
  ['least_loaded', 'round_robin', 'manual'],
  'least_loaded: to whoever has the fewest conversations. round_robin: by turns. manual: agents pick.',
)
export type DeskStrategy = Static<typeof DeskStrategy>

export const Skill = Type.String({ pattern: `^[A-Za-z0-9_.-]{1,${MAX.deskSkillChars}}$` })

const isTimeZone = (value: unknown): boolean => {
  try {
    return typeof value === 'string' && new Intl.DateTimeFormat('en', { timeZone: value }) !== null
  } catch {
    return false
  }
}

export const TimeZone = Type.Refine(
  Type.String({ minLength: 1, maxLength: 64, description: 'A zone of the IANA table, `Europe/Zurich`' }),
  isTimeZone,
  () => 'must be a time zone, Europe/Zurich',
)

/** `to` that is not after `from` lies on the next day. */
export const OpenHours = object({
  days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
    minItems: 1,
    maxItems: 7,
    uniqueItems: true,
    description: '1 is Monday',
  }),
  from: Clock,
  to: Clock,
})
export type OpenHours = Static<typeof OpenHours>

const seconds = (description: string) => orNull(Type.Integer({ minimum: 1, maximum: 30 * 86_400, description }))

/** One question to a visitor before the conversation begins. `name` as the field gives it its title. */
export const PreChatField = object({
  field: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,40}$' }),
  label: Name,
  required: Type.Optional(Type.Boolean()),
  kind: oneOf(['text', 'email', 'choice'], 'How it is asked'),
  options: Type.Optional(Type.Array(Name, { minItems: 1, maxItems: MAX.deskFields })),
})
export type PreChatField = Static<typeof PreChatField>

const settingFields = {
  title: Title,
  time_zone: TimeZone,
  hours: orNull(Type.Array(OpenHours, { maxItems: MAX.deskHours, description: 'null: always open' })),
  strategy: DeskStrategy,
  capacity: Type.Integer({ minimum: 0, maximum: MAX.agentCapacity, description: 'Of agents who have no own' }),
  offer_seconds: Type.Integer({ minimum: 5, maximum: 600, description: 'In which an offer must be accepted' }),
  requeue_seconds: Type.Integer({
    minimum: 0,
    maximum: 3_600,
    description: 'After which conversations of an agent without a connection wait again',
  }),
  skills: Type.Array(Skill, { maxItems: MAX.deskSkills, uniqueItems: true }),
  skill_field: orNull(
    Type.String({
      minLength: 1,
      maxLength: 40,
      description: 'The field of the form or the context whose value is the skill that a conversation needs',
    }),
  ),
  waiting_seconds: seconds('In which somebody should be responsible; null: no such promise'),
  first_reply_seconds: seconds('In which the first reply should come; null: no such promise'),
  bot_seconds: Type.Integer({
    minimum: 1,
    maximum: 600,
    description: 'In which a bot must answer; then the conversation waits for people',
  }),
  idle_seconds: seconds('Of silence of the visitor after a reply, after which a conversation is closed; null: never'),
  pre_chat: Type.Array(PreChatField, { maxItems: MAX.deskFields, description: 'What a visitor is asked before' }),
}

/** How a desk works. */
export const DeskSettings = object(settingFields)
export type DeskSettings = Static<typeof DeskSettings>
export const DeskSettingsChange = Type.Partial(DeskSettings, { additionalProperties: false })
export type DeskSettingsChange = Static<typeof DeskSettingsChange>

export const DESK_DEFAULTS: Omit<DeskSettings, 'title'> = {
  time_zone: 'UTC',
  hours: null,
  strategy: 'least_loaded',
  capacity: 5,
  offer_seconds: 30,
  requeue_seconds: 30,
  skills: [],
  skill_field: null,
  waiting_seconds: null,
  first_reply_seconds: null,
  bot_seconds: 15,
  idle_seconds: null,
  pre_chat: [],
}

export const AgentStatus = oneOf(['online', 'away', 'offline'], 'What an agent says of themselves at a desk')
export type AgentStatus = Static<typeof AgentStatus>
export const Capacity = Type.Integer({ minimum: 0, maximum: MAX.agentCapacity })

/** An agent of a desk, whole: each event about them carries all of it. */
export const Agent = Type.Object({
  user: UserId,
  skills: Type.Array(Skill),
  supervisor: Type.Boolean({ description: 'May act on conversations of others' }),
  bot: Type.Optional(
    Type.Boolean({ description: 'A program: it answers first, and people are asked when it hands over' }),
  ),
  capacity_max: Type.Integer({ minimum: 0, description: 'As administrators set it' }),
  capacity: Type.Integer({ minimum: 0, description: 'Conversations at a time; those put off do not count' }),
  status: AgentStatus,
  connected: Type.Boolean(),
  gone_at: orNull(Moment),
  rests_until: orNull(Moment),
  missed: Type.Integer({ minimum: 0, description: 'Offers let pass, one after the other' }),
  served: Type.Integer({ minimum: 0, description: 'seq of the last offer to them' }),
})
export type Agent = Static<typeof Agent>

export const Priority = oneOf(['low', 'normal', 'high', 'urgent'], 'Each step is worth some minutes of waiting')
export type Priority = Static<typeof Priority>

export const ConversationState = oneOf(
  ['queued', 'offered', 'assigned', 'transferring', 'held', 'snoozed', 'closed', 'moved'],
  'queued and offered: nobody is responsible yet. assigned, held and snoozed: `agent` is. transferring: `agent` is, until the one it is offered to accepts. moved: another desk has it.',
)
export type ConversationState = Static<typeof ConversationState>

export const Tag = Type.Refine(
  Type.String({ minLength: 1, maxLength: MAX.tagChars, description: 'One word or a few, as agents sort by' }),
  (value) => typeof value === 'string' && value.isWellFormed() && value.trim() === value,
  () => 'must not begin or end with white space',
)
export const Tags = Type.Array(Tag, { maxItems: MAX.conversationTags, uniqueItems: true })

/** Which promise of a desk was broken. */
export const Breach = oneOf(['waiting', 'first_reply'], 'Nobody was responsible in time; no reply came in time')
export type Breach = Static<typeof Breach>

/** A conversation, whole: each event about it carries all of it. */
export const Conversation = Type.Object({
  conversation: ConversationId,
  desk: DeskId,
  visitor: UserId,
  title: orNull(Title),
  state: ConversationState,
  revision: Type.Integer({
    minimum: 1,
    description: 'Grows with every change; what is sent with an older one is refused',
  }),
  edition: Type.Integer({
    minimum: 1,
    description: 'Grows with every event, also with those that fence nothing: the larger one is newer',
  }),
  agent: orNull(UserId),
  bot: Type.Optional(Type.Boolean({ description: 'Whether `agent` is a bot' })),
  offer: orNull(Type.Object({ offer: OfferId, agent: UserId, expires_at: Moment })),
  priority: Priority,
  skill: orNull(Skill),
  entered_at: Type.Integer({ description: 'When the waiting began' }),
  ticket: Type.Integer({ minimum: 0, description: 'Order among those who came in the same millisecond' }),
  assigned_at: orNull(Moment),
  until: orNull(Moment),
  prefers: orNull(UserId),
  score: orNull(Type.Integer()),
  moved_to: orNull(DeskId),
  tags: Tags,
  breached: Type.Array(Breach),
  answered_at: orNull(Type.Integer({ description: 'When somebody became responsible first, since the waiting began' })),
  replied_at: orNull(Type.Integer({ description: 'When the first reply came, since the waiting began' })),
  visitor_at: orNull(Type.Integer({ description: 'About when the visitor wrote last' })),
  agent_at: orNull(Type.Integer({ description: 'About when they were answered last' })),
  ended_at: orNull(Moment),
  offline: Type.Optional(
    Type.Boolean({ description: 'Began to wait when nobody was there; until somebody is responsible' }),
  ),
  at: Moment,
})
export type Conversation = Static<typeof Conversation>

export const CONVERSATION_CHANGES = [
  'entered',
  'offered',
  'accepted',
  'declined',
  'expired',
  'withdrawn',
  'returned',
  'picked',
  'transferred',
  'moved',
  'received',
  'held',
  'resumed',
  'snoozed',
  'woken',
  'requeued',
  'prioritized',
  'left',
  'closed',
  'reopened',
  'rated',
  'taken',
  'tagged',
  'answered',
  'heard',
  'breached',
  'greeted',
] as const
export const ConversationChange = oneOf(CONVERSATION_CHANGES, 'What happened to a conversation')
export type ConversationChange = Static<typeof ConversationChange>

const fields = (description: string) =>
  Type.Refine(
    Type.Record(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,40}$' }), Field, {
      additionalProperties: false,
      description,
    }),
    (value) => typeof value === 'object' && value !== null && Object.keys(value).length <= MAX.deskFields,
    () => `must have at most ${MAX.deskFields} fields`,
  )

export const Form = fields('What the visitor filled in before; `name` becomes the title of the conversation')
export const VisitContext = fields('Where the visitor is: page, language, referrer, own fields')
/** What only agents see of a visit. */
export const Details = Type.Object({ form: Type.Optional(Form), context: Type.Optional(VisitContext) })
export type Details = Static<typeof Details>

export const Score = Type.Integer({ minimum: 1, maximum: 5 })
export const Rating = Type.Object({ score: Score, comment: Type.Optional(Comment) })

/** An offer that does not stand any more, and why. */
export const GoneOffer = Type.Object({
  offer: OfferId,
  agent: UserId,
  reason: oneOf(['accepted', 'declined', 'expired', 'withdrawn'], 'Why an offer does not stand any more'),
})
export type GoneOffer = Static<typeof GoneOffer>

/** A conversation as those who take part in it are told of it. */
export const ConversationStatus = Type.Object({
  conversation: ConversationId,
  room: Type.String({ description: 'Its room; that of the agents’ notes is the same with `n-` before it' }),
  desk: DeskId,
  state: ConversationState,
  revision: Type.Integer(),
  agent: orNull(UserId),
  bot: Type.Optional(Type.Boolean({ description: 'True: `agent` is a bot' })),
  position: Type.Optional(Type.Integer({ minimum: 1, description: 'In the queue: 1 is next' })),
  wait_seconds: Type.Optional(Type.Integer({ minimum: 0, description: 'An estimate, where there is ground for one' })),
  open: Type.Optional(Type.Boolean({ description: 'Of one who waits: whether the desk has opened' })),
  online: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Of one who waits: agents who take conversations. 0: an answer comes later',
    }),
  ),
})
export type ConversationStatus = Static<typeof ConversationStatus>
