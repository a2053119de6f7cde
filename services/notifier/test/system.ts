import { randomUUID } from 'node:crypto'
import { answer } from '@switchboard/bus/ask'
import { type Bus, connectBus } from '@switchboard/bus/connect'
import { encodeJson, flush, publish, subscribe } from '@switchboard/bus/core'
import { holdLease } from '@switchboard/bus/lease'
import { publishExpecting } from '@switchboard/bus/log'
import { ensureStreams } from '@switchboard/bus/streams'
import type { DeskEvent, Standing } from '@switchboard/contracts/desk-events'
import { encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import type { AnyEvent, RoomKind } from '@switchboard/contracts/events'
import type { DeviceBody } from '@switchboard/contracts/http'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { Recipient, RecipientsAsk, RecipientsPage } from '@switchboard/contracts/push-queries'
import type { StorageQueries } from '@switchboard/contracts/queries'
import type { DeadRecord, Device, MarkRecord } from '@switchboard/contracts/records'
import { STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import type { WebhookTarget } from '@switchboard/contracts/webhook-queries'
import { createContext } from '@switchboard/runtime/context'
import { type NotifierOverrides, startNotifier } from '../src/app.ts'
import { settings } from '../src/config.ts'

/** Recipients of one room in one answer of storage; a room with more members is large. */
const PAGE = 100

/** Of a notifier, beside those of its place. */
type Settings = { readonly settings: Readonly<Record<string, string>> }
/** An event of a desk, less what the router gives it. */
type Draft = Pick<Extract<DeskEvent, { type: 'conversation.changed' }>, 'change' | 'conversation' | 'details'>

type Forget = StorageQueries['device.forget']['ask']

/** The world around a notifier: NATS is real; the router, storage and an edge are played by the test. */
export type World = {
  readonly bus: Bus
  /** What storage answers: change it at will. */
  readonly members: Map<string, Recipient>
  readonly forgotten: Forget[]
  /** What storage knows of webhooks, whatever the desk. */
  readonly webhooks: WebhookTarget[]
  /** How often storage was asked for a page of members. */
  readonly pagesAsked: () => number
  /** What was handed to `dead`, as it comes. */
  readonly dead: readonly DeadRecord[]
  readonly firstDead: Promise<DeadRecord>
  readonly addDevice: (user: string, device: string, body: DeviceBody) => Device
  /** The router: writes one message into a room's log. Resolves to its seq. */
  readonly say: (room: string, from: string, text: string, mentions?: readonly string[]) => Promise<number>
  /** The same for the log of a desk. Resolves to its seq. */
  readonly decide: (desk: string, event: Draft) => Promise<number>
  readonly markRead: (room: string, user: string, seq: number) => Promise<void>
  /** An edge with these users in the foreground, until it is disposed. */
  readonly edge: (users: readonly string[]) => Promise<AsyncDisposable>
  readonly notifier: (servers: Settings, overrides?: NotifierOverrides) => Promise<AsyncDisposable>
  /** The settings of a notifier in a process of its own. */
  readonly env: (servers: Settings) => Record<string, string>
  /** Every entry of the log was planned, and this many pushes (0) still wait in the queue. */
  readonly settled: (deadlineMs: number, options?: { waiting?: number }) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** `standing`: every room is that of a conversation which stands so. */
export async function startWorld(natsUrl: string, kind: RoomKind = 'group', standing?: Standing): Promise<World> {
  const namespace = `t${randomUUID().slice(0, 8)}`
  const { log } = createContext('test', {}, { env: { LOG_LEVEL: 'silent' } })
  const bus = await connectBus({ url: natsUrl, namespace, service: 'test', replicas: 1, log })
  await ensureStreams(bus)
  const members = new Map<string, Recipient>()
  return {
    bus,
    members,
    ...playStorage(bus, members, { kind, ...(standing && { standing }) }),
    ...playRouter(bus),
    ...hearDead(bus),
    edge: (users) => playEdge(bus, users),
    notifier: async (servers, overrides = {}) => {
      const context = createContext('notifier', settings, { env: envOf(natsUrl, namespace, servers) })
      const notifier = await startNotifier(context, overrides)
      return {
        [Symbol.asyncDispose]: async () => {
          context.abort.abort()
          await notifier[Symbol.asyncDispose]()
          context.meters[Symbol.dispose]()
        },
      }
    },
    settled: async (deadlineMs, { waiting = 0 } = {}) => {
      const deadline = performance.now() + deadlineMs
      while (!(await isSettled(bus, waiting))) {
        if (performance.now() > deadline) throw new Error(`not settled within ${deadlineMs} ms`)
      }
    },
    env: (servers) => envOf(natsUrl, namespace, servers),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  }
}

function envOf(natsUrl: string, namespace: string, servers: Settings): Record<string, string> {
  return { NATS_URL: natsUrl, NATS_NAMESPACE: namespace, LOG_LEVEL: 'silent', ...servers.settings }
}

function playStorage(bus: Bus, members: Map<string, Recipient>, room: { kind: RoomKind; standing?: Standing }) {
  const webhooks: WebhookTarget[] = []
  answer<{ desk: string }, { webhooks: WebhookTarget[] }>(
    bus,
    bus.names.query('storage', 'webhook.targets'),
    async () => ({ webhooks }),
  )
  const forgotten: Forget[] = []
  let pages = 0
  const pageOf = ({ mentions, after = '' }: RecipientsAsk): RecipientsPage => {
    pages += 1
    const large = members.size > PAGE
    const told = [...members.values()].filter(({ user }) => user > after && (!large || mentions.includes(user)))
    const recipients = told.sort((a, b) => (a.user < b.user ? -1 : 1)).slice(0, PAGE)
    return { title: 'Lobby', ...room, large, names: { alice: 'Alice' }, recipients, more: told.length > PAGE }
  }
  answer<StorageQueries['push.recipients']['ask'], StorageQueries['push.recipients']['answer']>(
    bus,
    bus.names.query('storage', 'push.recipients'),
    async ({ rooms }) => ({ pages: rooms.map(pageOf) }),
  )
  answer<Forget, { forgotten: boolean }>(bus, bus.names.query('storage', 'device.forget'), async (asked) => {
    forgotten.push(asked)
    return { forgotten: true }
  })
  const memberOf = (user: string): Recipient =>
    members.get(user) ?? { user, role: 'member', read: 0, read_n: 0, muted: false, badge: 1, devices: [] }
  const addDevice = (user: string, device: string, body: DeviceBody): Device => {
    const added: Device = { device, user, ...body, registered_at: 1_000 }
    const member = memberOf(user)
    members.set(user, { ...member, devices: [...member.devices, added] })
    return added
  }
  return { forgotten, webhooks, addDevice, pagesAsked: () => pages }
}

function playRouter(bus: Bus): Pick<World, 'say' | 'decide' | 'markRead'> {
  const heads = new Map<string, { seq: number; logSeq: number }>()
  const write = async (kind: 'room' | 'desk', id: string, eventOf: (seq: number) => AnyEvent): Promise<number> => {
    const head = heads.get(id) ?? { seq: 0, logSeq: 0 }
    const seq = head.seq + 1
    const stored = await publishExpecting(bus, {
      subject: bus.names.log(kind, id),
      payload: encodeEntry(`${kind}:${id}`, [eventOf(seq)]),
      headers: {
        [HEADER.entry]: formatRange({ first: seq, last: seq, n: seq, epoch: 'e' }),
        [HEADER.input]: formatInput({ incarnation: 'i', input: seq, floor: 0 }),
      },
      messageId: `${id}-${seq}`,
      expect: head.logSeq,
    })
    if (stored.kind !== 'stored') throw new Error(`the log entry was not stored: ${stored.kind}`)
    heads.set(id, { seq, logSeq: stored.seq })
    return seq
  }
  const every = (seq: number) => ({ seq, n: seq, at: Date.now(), cid: `c${seq}` })
  return {
    say: (room, from, text, mentions = []) =>
      write('room', room, (seq) => ({ type: 'message', ...every(seq), from, text, mentions: [...mentions] })),
    decide: (desk, event) =>
      write('desk', desk, (seq) => ({ type: 'conversation.changed', ...every(seq), from: SYSTEM, ...event })),
    markRead: async (room, user, seq) => {
      const mark: MarkRecord = { room, user, seq, n: seq, at: Date.now() }
      await bus.js.publish(bus.names.mark(room, user), encodeJson(mark))
    },
  }
}

async function playEdge(bus: Bus, users: readonly string[]): Promise<AsyncDisposable> {
  const edge = `e${randomUUID().slice(0, 8)}`
  const lease = await holdLease(bus, { key: `edge.${edge}`, value: edge, ttlMs: 3_000 })
  const tell = (): void => {
    publish(bus, bus.names.presence(edge), encodeJson({ edge, whole: true, users: users.map((user) => [user, 1, 1]) }))
  }
  const asked = subscribe(bus, bus.names.presenceAsk, tell)
  tell()
  await flush(bus)
  let lives = true
  return {
    // A test may end it early; its scope ends it in any case, as a lease is renewed for ever otherwise.
    [Symbol.asyncDispose]: async () => {
      if (!lives) return
      lives = false
      asked.unsubscribe()
      await lease[Symbol.asyncDispose]()
    },
  }
}

function hearDead(bus: Bus): Pick<World, 'dead' | 'firstDead'> {
  const dead: DeadRecord[] = []
  const first = Promise.withResolvers<DeadRecord>()
  subscribe(bus, bus.names.deadAll, (message) => {
    const record = message.json<DeadRecord>()
    dead.push(record)
    first.resolve(record)
  })
  return { dead, firstDead: first.promise }
}

async function isSettled(bus: Bus, waiting: number): Promise<boolean> {
  const planners = STREAM_NUMBERS.map(async (number) => {
    const info = await bus.jsm.consumers.info(bus.names.logStream(number), bus.names.durable('notifier'))
    return info.num_pending + info.num_ack_pending
  })
  const planning = (await Promise.all(planners)).reduce((sum, count) => sum + count, 0)
  // In this order: an entry that is planned has its pushes in the queue.
  const { state } = await bus.jsm.streams.info(bus.names.pushesStream)
  return planning === 0 && state.messages === waiting
}
