import Type, { type Static, type TSchema } from 'typebox'
import { messageFields } from './events.ts'
import { Cid, DeskId, DeviceId, RoomId, UserId } from './ids.ts'
import { MAX } from './limits.ts'
import { Name, SearchText } from './text.ts'

const object = <F extends Record<string, TSchema>>(fields: F) => Type.Object(fields, { additionalProperties: false })
const Password = Type.String({ minLength: MAX.passwordCharsMin, maxLength: MAX.passwordCharsMax })

/** Bodies and queries of the HTTP API; Fastify validates with these, and /docs shows them. */
export const AccountBody = object({ user: UserId, password: Password, name: Type.Optional(Name) })
export const LoginBody = object({
  user: UserId,
  password: Type.String({ minLength: 1, maxLength: MAX.passwordCharsMax }),
})
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
})
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
