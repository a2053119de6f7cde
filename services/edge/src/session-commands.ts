import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { isMethod, METHODS, PublishData } from '@switchboard/contracts/methods'
import { COMMANDS, type CommandBody, type CommandName, type RawCommand } from '@switchboard/contracts/protocol'
import { validate } from '@switchboard/contracts/validate'
import { parseChannel } from './channel-name.ts'
import { NOT_JSON } from './codec.ts'
import type { Feed } from './feed.ts'
import type { Session } from './session.ts'
import { traced, ttlSeconds, within } from './session-connect.ts'
import { history } from './session-history.ts'

/** A handler replies by itself, in the moment that it chooses, or returns why not. */
type Handler<Name extends CommandName> = (
  session: Session,
  id: number,
  body: CommandBody<Name>,
) => Promise<Refusal | null> | Refusal | null

/** Methods after which one is in another room. */
const ARRIVING: ReadonlySet<string> = new Set(['room.create', 'room.join', 'desk.enter', 'desk.accept', 'desk.pick'])
/** How long the answer of a room that one has just joined waits until its publications flow. */
const ARRIVAL_MS = 1_000

/** Commands of which a trace may tell something. */
const TRACED: ReadonlySet<string> = new Set(['publish', 'rpc', 'subscribe', 'history', 'presence', 'presence_stats'])

/** One command of a connected client. @returns why it was refused, or null when it was answered. */
export function runCommand(session: Session, command: RawCommand): Promise<Refusal | null> {
  const { tracing } = session.parts
  return tracing && TRACED.has(command.name ?? '')
    ? traced(session, methodOf(command), () => handle(session, command))
    : handle(session, command)
}

/** A name that is not of ours is none that a trace should carry. */
function methodOf({ name, body }: RawCommand): string {
  const { method } = (body ?? {}) as { method?: unknown }
  if (name !== 'rpc') return name ?? ''
  return typeof method === 'string' && isMethod(method) ? method : name
}

async function handle(session: Session, command: RawCommand): Promise<Refusal | null> {
  const { id, name } = command
  if (name === null) return refuse('method_not_found')
  if ((command.body as { data?: unknown } | null)?.data === NOT_JSON) {
    return refuse('bad_request', { field: `${name}.data`, message: 'must be JSON' })
  }
  const body = validate(COMMANDS[name], command.body)
  if (isRefusal(body)) return within(name, body)
  return (HANDLERS[name] as Handler<CommandName>)(session, id, body as CommandBody<CommandName>)
}

const reply = (session: Session, ...answer: Parameters<Session['codec']['reply']>): null => {
  if (!session.isClosed) session.link.send(session.codec.reply(...answer))
  return null
}

const HANDLERS: { readonly [Name in CommandName]: Handler<Name> } = {
  connect: () => refuse('bad_request', { field: 'connect', message: 'is done already' }),
  ping: (session, id) => reply(session, id, 'ping', {}),
  send: () => null,
  sub_refresh: () => refuse('not_available', { field: 'channel' }),
  subscribe,
  unsubscribe: (session, id, { channel }) => {
    const subscription = session.subscriptions.find(channel)
    if (subscription && channel.startsWith('user:')) return refuse('permission_denied', { field: 'channel' })
    if (subscription) session.subscriptions.drop(subscription)
    return reply(session, id, 'unsubscribe', {})
  },
  publish: async (session, id, { channel, data }) => {
    const target = parseChannel(channel)
    if (isRefusal(target)) return target
    if (target.kind !== 'room') return refuse('permission_denied', { field: 'channel' })
    const params = validate(PublishData, data)
    if (isRefusal(params)) return params
    const cid = params.cid ?? session.parts.newId()
    const result = await session.parts.rpc.command(session.identity, 'message.send', {
      ...params,
      cid,
      room: target.id,
    })
    return isRefusal(result) ? result : reply(session, id, 'publish', {})
  },
  rpc: async (session, id, { method = '', data }) => {
    const result = await call(session, method, data)
    return isRefusal(result) ? result : reply(session, id, 'rpc', { data: result })
  },
  presence: async (session, id, { channel }) => {
    const online = await onlineIn(session, channel)
    if (isRefusal(online)) return online
    const people = online.online.map((user) => [user, { user, client: user }] as const)
    return reply(session, id, 'presence', { presence: Object.fromEntries(people) })
  },
  presence_stats: async (session, id, { channel }) => {
    const online = await onlineIn(session, channel)
    if (isRefusal(online)) return online
    return reply(session, id, 'presence_stats', { num_clients: online.sockets, num_users: online.count })
  },
  history: async (session, id, body) => {
    const page = await history(session, body)
    return isRefusal(page) ? page : reply(session, id, 'history', page)
  },
  refresh: async (session, id, { token }) => {
    const { clock, tokens, version } = session.parts
    const identity = await tokens.verify(token)
    if (session.isClosed) return null
    if (isRefusal(identity) || identity.user !== session.user) {
      session.close(isRefusal(identity) && identity.code === 'token_expired' ? 'expired' : 'invalid_token')
      return null
    }
    session.identify(identity)
    const ttl = ttlSeconds(identity.expiresAt, clock.now())
    return reply(session, id, 'refresh', { client: session.client, version, expires: true, ttl })
  },
}

async function subscribe(session: Session, id: number, body: CommandBody<'subscribe'>): Promise<Refusal | null> {
  const target = parseChannel(body.channel)
  if (isRefusal(target)) return target
  if (target.kind === 'desk') return subscribeDesk(session, id, { desk: target.id, body })
  if (target.kind === 'user') {
    return refuse(target.id === session.user ? 'already_subscribed' : 'permission_denied', { field: 'channel' })
  }
  const room = target.id
  const spec = { kind: 'room', id: room } as const
  let head: { head?: number } = {}
  const isMember = session.person.isMember(room)
  if (!isMember) {
    const { user, roles } = session.identity
    const facts = await session.parts.rpc.storage('room.head', { room, user, roles })
    if (isRefusal(facts)) return { ...facts, field: 'channel' }
    // A supervisor looks on without being a member: nobody in the room sees anything of it.
    if (!facts.member && facts.kind !== 'public' && !facts.watches) return refuse('not_a_member', { field: 'channel' })
    head = { head: facts.head }
  }
  if (session.isClosed) return null
  const mayHear = (feed: Feed) => !isMember || session.person.isStillIn(feed)
  return session.subscriptions.subscribe({ ...spec, ...head, mayHear }, body, (result) => {
    reply(session, id, 'subscribe', result)
  })
}

/** The queue of a desk, for its agents; whoever stops being one is told by its feed, as members of rooms are. */
async function subscribeDesk(
  session: Session,
  id: number,
  { desk, body }: { readonly desk: string; readonly body: CommandBody<'subscribe'> },
): Promise<Refusal | null> {
  const { user, roles } = session.identity
  const role = await session.parts.rpc.partition(desk, 'desk.role', { desk, user, roles })
  if (isRefusal(role)) return { ...role, field: 'channel' }
  if (!role.agent) return refuse('permission_denied', { field: 'channel' })
  if (session.isClosed) return null
  const mayHear = (feed: Feed) => feed.removedAt(user) <= role.head
  return session.subscriptions.subscribe({ kind: 'desk', id: desk, mayHear }, body, (result) => {
    reply(session, id, 'subscribe', result)
  })
}

async function onlineIn(session: Session, channel: string) {
  const target = parseChannel(channel)
  if (isRefusal(target)) return target
  if (target.kind !== 'room') return refuse('not_available', { field: 'channel' })
  return session.parts.rpc.online(session.identity, target.id)
}

async function call(session: Session, method: string, data: unknown): Promise<object | Refusal> {
  const { rpc } = session.parts
  if (method === 'presence.set') {
    const params = validate(METHODS['presence.set'].params, data)
    if (isRefusal(params)) return params
    session.setForeground(params.state === 'foreground')
    return {}
  }
  if (method === 'room.typing') {
    const params = validate(METHODS['room.typing'].params, data)
    return isRefusal(params) ? params : session.typing(params.room)
  }
  const result = await rpc.call(session.identity, method, data)
  if (!isRefusal(result) && ARRIVING.has(method)) {
    const { room } = { ...(data as object), ...result } as { room: string }
    if (session.subscriptions.size < MAX.connectionRooms) await session.subscriptions.until(room, ARRIVAL_MS)
  }
  return result
}
