import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { type CommandBody, ConnectRequest, type ConnectResult, type RawCommand } from '@switchboard/contracts/protocol'
import { TRACE_HEADER } from '@switchboard/contracts/traces'
import { validate } from '@switchboard/contracts/validate'
import { throughSpan } from '@switchboard/runtime/tracing'
import type { Person } from './person.ts'
import type { Session } from './session.ts'

/** What a connect attempt tells its session, in this order, both in the moment of the reply. */
export interface Attempt {
  joined(person: Person): void
  ready(): void
}

/** The field of a refusal is named as it stands in the frame. */
export const within = (name: string, refusal: Refusal): Refusal => ({
  ...refusal,
  field: refusal.field === undefined ? name : `${name}.${refusal.field}`,
})

/** Seconds until a token expires, at least one: zero would mean never to some clients. */
export const ttlSeconds = (expiresAt: number, now: number): number => Math.max(1, Math.ceil((expiresAt - now) / 1_000))

/** Does what the client asks, in a span of its own where that is traced. */
export function traced(session: Session, method: string, work: () => Promise<Refusal | null>): Promise<Refusal | null> {
  const { parts, trace } = session
  const span = parts.tracing?.beginHere('edge.command', { cause: trace, of: method, attributes: { method } })
  return throughSpan(span, work, (refusal) => ({ outcome: refusal?.code ?? 'done' }))
}

/** Who it is, which rooms they have, and everything they missed in them: answered in one reply, or refused and tried again. */
export async function connect(session: Session, command: RawCommand, attempt: Attempt): Promise<Refusal | null> {
  const body = validate(ConnectRequest, command.body)
  if (isRefusal(body)) return within('connect', body)
  session.trace = body.headers?.[TRACE_HEADER] ?? session.trace
  return traced(session, 'connect', () => join(session, { id: command.id, body }, attempt))
}

async function join(
  session: Session,
  { id, body }: { readonly id: number; readonly body: CommandBody<'connect'> },
  attempt: Attempt,
): Promise<Refusal | null> {
  if (body.token === undefined || body.token === '') return refuse('unauthorized', { field: 'token' })
  const { people, tokens } = session.parts
  const identity = await tokens.verify(body.token)
  if (isRefusal(identity) || session.isClosed) return isRefusal(identity) ? identity : null
  session.identify(identity)
  if (session.isClosed) return null
  const person = await people.join(identity.user, session)
  if (isRefusal(person) || session.isClosed) return isRefusal(person) ? person : null
  const finish = await session.subscriptions.open(person, new Map(Object.entries(body.subs ?? {})))
  if (isRefusal(finish) || session.isClosed) return isRefusal(finish) ? finish : null
  attempt.joined(person)
  answer(session, id, finish)
  attempt.ready()
  void session.counted.add(person.memberships().slice(MAX.serverRooms))
  return null
}

function answer(session: Session, id: number, finish: () => ConnectResult['subs']): void {
  const { clock, events, pingSeconds, version } = session.parts
  const { client, codec, identity, link, user } = session
  const ttl = ttlSeconds(identity.expiresAt, clock.now())
  const subs = finish()
  events.connected(user, client, Object.keys(subs).length)
  link.send(codec.reply(id, 'connect', { client, version, subs, expires: true, ttl, ping: pingSeconds, pong: true }))
}
