import Type, { type Static, type TSchema } from 'typebox'
import { Capacity, DeskSettings, DeskSettingsChange, Skill } from './desks.ts'
import { messageFields } from './events.ts'
import { Cid, ConversationId, DeskId, DeviceId, RoomId, UserId } from './ids.ts'
import { MAX } from './limits.ts'
import { Name, SearchText, Title } from './text.ts'

const object = <F extends Record<string, TSchema>>(fields: F) => Type.Object(fields, { additionalProperties: false })
const Password = Type.String({ minLength: MAX.passwordCharsMin, maxLength: MAX.passwordCharsMax })

/** Bodies and queries of the HTTP API; Fastify validates with these, and /docs shows them. */
const AccountRole = Type.Union(
  (['admin', 'supervisor', 'agent', 'user'] as const).map((role) => Type.Literal(role)),
  { description: 'In the whole installation' },
)
export const AccountBody = object({
  user: UserId,
  password: Password,
  name: Type.Optional(Name),
  roles: Type.Optional(
    Type.Array(Type.Unsafe<'admin' | 'supervisor' | 'agent' | 'user'>(AccountRole), {
      minItems: 1,
      maxItems: 4,
      uniqueItems: true,
      description: 'For administrators to give',
    }),
  ),
})
export const LoginBody = object({
  user: UserId,
  password: Type.String({ minLength: 1, maxLength: MAX.passwordCharsMax }),
})
/** One line: a line feed would let one field of what is signed end as another. */
const OneLine = Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,100}$' })
export const VisitorBody = object({
  desk: DeskId,
  name: Type.Optional(Name),
  identity: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX.tokenBytes,
      description: 'The token of an earlier visit: the same person again',
    }),
  ),
  verified: Type.Optional(
    Type.Object(
      {
        user: OneLine,
        name: Type.Optional(OneLine),
        email: Type.Optional(OneLine),
        at: Type.Integer({ minimum: 0, description: 'When it was signed: milliseconds since the epoch' }),
        signature: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      },
      {
        additionalProperties: false,
        description:
          'Who it is to the customer’s own server, which signs `desk`, `user`, `name`, `email` and `at`, joined by line feeds, with HMAC-SHA256 by the secret of the desk, in hexadecimal: the same person on every device',
      },
    ),
  ),
})
export type VisitorBody = Static<typeof VisitorBody>
export const TokenReply = Type.Object({
  token: Type.String(),
  expires_at: Type.Integer({ description: 'Milliseconds since the epoch' }),
  user: UserId,
})
export const MessageBody = object({ cid: Cid, ...messageFields, from: Type.Optional(UserId) })
export const EventsQuery = object({
  after_seq: Type.Optional(Type.Integer({ minimum: 0 })),
  before_seq: Type.Optional(Type.Integer({ minimum: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX.historyEvents })),
})
export const SearchQuery = object({
  q: SearchText,
  room: Type.Optional(RoomId),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX.searchResults })),
})
export const RoomParams = object({ room: RoomId })
export const DeviceParams = object({ device: DeviceId })

const { title: _title, ...deskChange } = DeskSettingsChange.properties
export const DeskBody = object({ desk: DeskId, title: Title, ...deskChange })
export const DeskParams = object({ desk: DeskId })
export const DeskReply = Type.Object({ desk: DeskId, settings: DeskSettings })
export const SecretReply = Type.Object({ desk: DeskId, secret: Type.String() })
export const TranscriptParams = object({ conversation: ConversationId })
export const TranscriptQuery = object({
  format: Type.Optional(Type.Unsafe<'json' | 'text'>(Type.Union([Type.Literal('json'), Type.Literal('text')]))),
})
export const TranscriptReply = Type.Object({
  conversation: ConversationId,
  messages: Type.Array(
    Type.Object({ seq: Type.Integer(), at: Type.Integer(), from: Type.String(), text: Type.String() }),
  ),
  more: Type.Boolean({ description: 'Whether it is longer than a transcript may be' }),
})
export type TranscriptReply = Static<typeof TranscriptReply>
export const AgentParams = object({ desk: DeskId, user: UserId })
export const AgentBody = object({
  skills: Type.Optional(Type.Array(Skill, { maxItems: MAX.agentSkills, uniqueItems: true })),
  capacity: Type.Optional(Capacity),
  supervisor: Type.Optional(Type.Boolean({ description: 'May act on conversations of others' })),
  bot: Type.Optional(Type.Boolean({ description: 'A program: it answers first' })),
})

/** Where a push goes. Tokens are opaque and long; a Web Push subscription is what the browser gave. */
export const DeviceBody = Type.Union([
  object({
    provider: Type.Literal('apns'),
    target: object({
      token: Type.String({ pattern: '^[0-9a-fA-F]{64,200}$', description: 'Hexadecimal device token' }),
      environment: Type.Optional(Type.Union([Type.Literal('production'), Type.Literal('sandbox')])),
    }),
  }),
  object({
    provider: Type.Literal('fcm'),
    target: Type.Union([
      object({ token: Type.String({ minLength: 8, maxLength: 4_096 }) }),
      object({ fid: Type.String({ minLength: 8, maxLength: 200, description: 'Firebase installation id' }) }),
    ]),
  }),
  object({
    provider: Type.Literal('webpush'),
    target: object({
      endpoint: Type.String({ pattern: '^https://', maxLength: 2_000 }),
      keys: object({
        p256dh: Type.String({ minLength: 80, maxLength: 100 }),
        auth: Type.String({ minLength: 16, maxLength: 32 }),
      }),
    }),
  }),
])
export type DeviceBody = Static<typeof DeviceBody>
export type AccountBody = Static<typeof AccountBody>
export type TokenReply = Static<typeof TokenReply>

export const SearchReply = Type.Object({
  messages: Type.Array(
    Type.Object({ room: RoomId, seq: Type.Integer(), at: Type.Integer(), from: Type.String(), text: Type.String() }),
  ),
})
