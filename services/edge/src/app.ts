import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { type Bus, connectBus } from '@switchboard/bus/connect'
import { ensureStreams } from '@switchboard/bus/streams'
import { refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { KickRecord } from '@switchboard/contracts/records'
import type { Context } from '@switchboard/runtime/context'
import { SettingsError } from '@switchboard/runtime/settings'
import { Admission, type Strain } from './admission.ts'
import { census } from './census.ts'
import { type Clock, type LoopWatch, systemClock, watchLoop } from './clock.ts'
import { createProtobufCodec } from './codec-protobuf.ts'
import type { settings } from './config.ts'
import { drain, settled } from './drain.ts'
import { createEvents, type EdgeEvents } from './events.ts'
import { FeedRegistry } from './feed-registry.ts'
import { fromApi } from './from-api.ts'
import { fromLog } from './from-log.ts'
import { fromReplies } from './from-replies.ts'
import { fromKicks, fromSignals } from './from-signals.ts'
import { fromUplink, listenTcp, type UplinkParts } from './from-uplink.ts'
import { Heartbeat } from './heartbeat.ts'
import { newestOf } from './newest.ts'
import { Outboxes } from './outbox.ts'
import { People } from './people.ts'
import { PresenceTable } from './presence-table.ts'
import { Requests } from './requests.ts'
import { RoomChanges } from './room-changes.ts'
import { Rpc } from './rpc.ts'
import type { SessionParts } from './session-parts.ts'
import { SessionTable } from './session-table.ts'
import { toCommands } from './to-commands.ts'
import { Flusher } from './to-downlink.ts'
import { toPresence } from './to-presence.ts'
import { toQueries } from './to-queries.ts'
import { toSignals } from './to-signals.ts'
import { createTokens, type Tokens } from './tokens.ts'
import { uuid7 } from './uuid7.ts'

type EdgeContext = Context<typeof settings>

export interface Edge extends AsyncDisposable {
  /** Where it listens: `http://host:port`. */
  readonly url: string
}

export interface EdgeOverrides {
  readonly clock?: Clock
}

const VERSION = 'switchboard 0.1'

/** Connections that the kernel keeps while this process is busy: everybody returns at once when another edge has ended. */
const BACKLOG = 4_096
/** As the Standard Webhooks specification has it: between 24 and 64. */
const WEBHOOK_SECRET_BYTES = 32

/** Builds the whole edge; disposing drains it and undoes everything in reverse. */
export async function startEdge(context: EdgeContext, overrides: EdgeOverrides = {}): Promise<Edge> {
  const { health, log } = context
  const clock = overrides.clock ?? systemClock
  const events = createEvents(context)
  health.ready('edge', false)
  await using stack = new AsyncDisposableStack()
  const { NATS_URL: url, NATS_NAMESPACE: namespace, NATS_REPLICAS: replicas } = context.settings
  const bus = stack.use(await connectBus({ url, namespace, service: 'edge', replicas, log, tracing: context.tracing }))
  await ensureStreams(bus)
  const tokens = await tokensOf(context, clock, events)
  const session = await buildSessions(context, { bus, clock, events, tokens, stack })
  const uplink = stack.use(await listen(context, session, bus))
  health.ready('edge', true)
  events.listening(uplink.url)
  const all = stack.move()
  return { url: uplink.url, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

function tokensOf({ settings }: EdgeContext, clock: Clock, events: EdgeEvents): Promise<Tokens> {
  return createTokens({
    privateKey: settings.JWT_PRIVATE_KEY,
    oldPublicKeys: settings.JWT_OLD_PUBLIC_KEYS.map((pem) => pem.replaceAll('\\n', '\n')),
    issuer: settings.JWT_ISSUER,
    audience: settings.JWT_AUDIENCE,
    seconds: settings.TOKEN_SECONDS,
    external: { jwksUrl: settings.JWKS_URL, issuer: settings.JWKS_ISSUER },
    now: clock.now,
    keysUnavailable: events.keysUnavailable,
  })
}

interface Base {
  readonly bus: Bus
  readonly clock: Clock
  readonly events: EdgeEvents
  readonly tokens: Tokens
  readonly stack: AsyncDisposableStack
}

/** Everything behind the sockets: feeds, people, questions, commands, presence. */
async function buildSessions(context: EdgeContext, base: Base): Promise<SessionParts> {
  const { bus, clock, events, tokens, stack } = base
  const newId = () => uuid7(clock.now(), randomBytes(10))
  const source = fromLog(bus, events, fromSignals(events))
  const queries = toQueries(bus, clock, { events, newest: newestOf(source) })
  const { archive } = queries
  const feeds = stack.use(new FeedRegistry({ source, archive, clock, events }))
  stack.defer(bus.onReconnect(() => void feeds.auditAll()))
  const people = stack.use(new People({ feeds, archive, userRooms: queries.userRooms }, clock))
  const requests = stack.use(new Requests(clock, events))
  const replies = fromReplies(bus, context.id, (reply) => requests.resolve(reply))
  stack.defer(() => replies.unsubscribe())
  const command = toCommands(bus, context.id, { requests, events })
  const sessions = new SessionTable()
  const kicks = fromKicks(bus, (record) => kick(sessions, record, events))
  stack.defer(() => kicks.unsubscribe())
  stack.use(census({ sessions, people }, clock, events))
  const presence = new PresenceTable()
  stack.use(await toPresence(bus, { edge: context.id, table: presence, clock, events }))
  return {
    clock,
    events,
    feeds,
    archive,
    people,
    sessions,
    tokens,
    rpc: new Rpc({ ...queries, command, newId }),
    presence,
    changes: stack.use(new RoomChanges(clock)),
    typing: toSignals(bus, events),
    epoch: (room) => source.epoch('room', room).catch(() => refuse('unavailable')),
    newId,
    tracing: context.tracing,
    pingSeconds: context.settings.PING_SECONDS,
    version: VERSION,
  }
}

function kick(sessions: SessionTable, { user, reason }: KickRecord, events: EdgeEvents): void {
  const ended = sessions.ofUser(user)
  for (const session of ended) session.close(reason)
  events.kicked(user, ended.length)
}

/** Opens the ports. Disposing sends the connections away, then closes them. */
async function listen(context: EdgeContext, session: SessionParts, bus: Bus): Promise<Edge> {
  const { settings } = context
  const { clock, events, newId, rpc, tokens } = session
  await using stack = new AsyncDisposableStack()
  const outboxes = stack.use(new Outboxes(clock, events))
  const door = { isDraining: false }
  const admission = new Admission(
    strainOf({ door, session, bus, outboxes, loop: stack.use(watchLoop(clock)) }),
    session,
  )
  const uplink: UplinkParts = {
    session,
    events,
    flusher: stack.use(new Flusher(clock)),
    heartbeat: stack.use(new Heartbeat(clock, settings.PING_SECONDS)),
    protobuf: createProtobufCodec(),
    origins: settings.ORIGINS,
    outboxes,
    admission,
  }
  const app = await fromApi({
    clock,
    events,
    tokens,
    admission,
    rpc,
    newId,
    newSecret: () => randomBytes(WEBHOOK_SECRET_BYTES).toString('base64'),
    tracing: context.tracing,
    apiKeys: settings.API_KEYS,
    webDir: settings.WEB_DIR,
    widgetSites: settings.WIDGET_SITES,
    proxyHops: settings.PROXY_HOPS,
    webhookHosts: settings.WEBHOOK_HOSTS,
  })
  stack.defer(() => app.close())
  await fromUplink(app, uplink)
  const place = placeOf(context)
  await app.listen(place)
  const { port } = app.server.address() as AddressInfo
  if (settings.TCP_PORT > 0) stack.use(await listenTcp({ ...place, port: settings.TCP_PORT }, uplink))
  stack.defer(() => {
    door.isDraining = true
    return sendAway(session, admission, settings.DRAIN_SECONDS_MAX)
  })
  const all = stack.move()
  const host = settings.HOST === '0.0.0.0' ? '127.0.0.1' : settings.HOST
  return { url: `http://${host}:${port}`, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Workers share their ports; the kernel deals the connections out to all who listen. @throws SettingsError */
function placeOf({ settings: { HOST: host, PORT: port }, worker }: EdgeContext) {
  if (worker !== null && port === 0)
    throw new SettingsError(['PORT must be a number above 0 for several EDGE_WORKERS, which share it'])
  return { host, port, backlog: BACKLOG, reusePort: worker !== null }
}

interface StrainParts {
  readonly door: { readonly isDraining: boolean }
  readonly session: SessionParts
  readonly bus: Bus
  readonly outboxes: Outboxes
  readonly loop: LoopWatch
}

const strainOf = ({ door, session: { sessions }, bus, outboxes, loop }: StrainParts): Strain => ({
  get isDraining() {
    return door.isDraining
  },
  get connections() {
    return sessions.size
  },
  get unauthenticated() {
    return sessions.unauthenticated
  },
  unauthenticatedOf: (address) => sessions.unauthenticatedOf(address),
  get outboxBytes() {
    return outboxes.bytes
  },
  get loopLagMs() {
    return loop.lagMs
  },
  get natsAwayMs() {
    return bus.awayMs
  },
})

/** Asks every connection to return, to another edge; what was begun is answered first. Those who get no answer in time go without. */
async function sendAway(session: SessionParts, admission: Admission, secondsMax: number): Promise<void> {
  const { clock, events, sessions } = session
  const began = clock.steady()
  const seconds = () => (clock.steady() - began) / 1_000
  const connections = [...sessions]
  events.draining(connections.length, secondsMax)
  await drain(connections, {
    secondsMax,
    clock,
    close: (each) => {
      each.leave()
      events.sentAway(seconds())
    },
  })
  for (const late of [...sessions]) late.leave()
  const msMax = (MAX.replySeconds + 1) * 1_000
  await settled(() => sessions.size === 0 && admission.requests === 0, { msMax, clock })
  const late = [...sessions]
  for (const each of late) each.close('shutdown')
  events.drained(seconds(), late.length)
}
