import { randomUUID } from 'node:crypto'
import { answerStorage, type StorageHandlers } from '@switchboard/bus/ask'
import { type Bus, connectBus } from '@switchboard/bus/connect'
import { decodeJson, encodeJson, flush, subscribe } from '@switchboard/bus/core'
import { readHead, readTail } from '@switchboard/bus/log'
import { ensureStreams } from '@switchboard/bus/streams'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import { decodeEntry } from '@switchboard/contracts/entry'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import type { AnyEvent, RoomEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import type { DeskCommand, EntityCommand, ReplyRecord, RoomCommand } from '@switchboard/contracts/records'
import { applyDesk, emptyDesk } from '@switchboard/domain/desk'
import { intentOf } from '@switchboard/domain/intent'
import { applyRoom, emptyRoom } from '@switchboard/domain/room'
import { isCausedBy } from '@switchboard/domain/room-draft'
import { createContext } from '@switchboard/runtime/context'
import { within } from '@switchboard/runtime/deadline'
import type { Servers } from '@switchboard/testkit/servers'
import pino from 'pino'
import { type RouterOverrides, startRouter } from '../src/app.ts'
import { settings } from '../src/config.ts'

const log = pino({ level: 'silent' })
const WAIT_MS = 15_000

/** Everything that lies in the log of one entity. */
export async function logOf(bus: Bus, kind: EntityKind, id: string): Promise<AnyEvent[]> {
  const head = await readHead(bus, kind, id)
  const entries = await readTail(bus, { kind, id }, { after: 0, upTo: head?.logSeq ?? 0 })
  return entries.flatMap((entry) => decodeEntry(entry.payload))
}

/** Storage without a database: everything is the log, folded. Right as long as the log has not aged. */
function logStorage(bus: Bus, made: ReadonlySet<string>): Partial<StorageHandlers> {
  const place = async (kind: EntityKind, id: string) => {
    const head = await readHead(bus, kind, id)
    return { log_seq: head?.logSeq ?? 0, incarnation: head?.input.incarnation ?? null, input: head?.input.input ?? 0 }
  }
  const usedIn = (events: readonly AnyEvent[]) => events.map((event) => ({ ...event, intent: intentOf(event) }))
  const newest = { cids: [], cids_since: Number.MAX_SAFE_INTEGER, cids_since_at: Number.MAX_SAFE_INTEGER / 4 }
  return {
    'room.load': async ({ room }) => {
      const at = await place('room', room)
      const state = emptyRoom(room)
      for (const event of await logOf(bus, 'room', room)) applyRoom(state, event as RoomEvent)
      const { kind, title, head, n, standing } = state
      return { room, kind, title, head, n, standing, members: [...state.members.values()], ...at, ...newest }
    },
    'user.load': async ({ user }) => ({
      user,
      head: (await logOf(bus, 'user', user)).length,
      ...(await place('user', user)),
      ...newest,
    }),
    'desk.load': async ({ desk }) => {
      const state = emptyDesk(desk)
      for (const event of await logOf(bus, 'desk', desk)) applyDesk(state, event as DeskEvent)
      const { head, at, settings, agents, conversations } = state
      return {
        ...{ desk, head, at, settings, more: false },
        agents: [...agents.values()].map(({ agent }) => agent),
        conversations: [...conversations.values()],
        ...(await place('desk', desk)),
        ...newest,
      }
    },
    'desk.list': async () => ({ desks: [...made] }),
    'conversation.load': async () => ({ conversations: [] }),
    'events.caused': async ({ entity, id, seqs }) => {
      const events = await logOf(bus, entity, id)
      return { caused: seqs.map((seq) => ({ seq, events: events.filter((event) => isCausedBy(event, seq)) })) }
    },
    'cids.find': async ({ entity, id, lookups }) => {
      const used = usedIn(await logOf(bus, entity, id))
      return { used: used.filter((u) => lookups.some((l) => l.from === u.from && l.cid === u.cid)) }
    },
    'messages.facts': async ({ room, seqs }) => {
      const events = await logOf(bus, 'room', room)
      const facts = events.filter(({ seq }) => seqs.includes(seq))
      return {
        facts: facts.map(({ seq, from, type, n }) => ({ seq, from, n, message: type === 'message', deleted: false })),
      }
    },
  }
}

export interface Fixture extends AsyncDisposable {
  readonly bus: Bus
  /** Starts one more router. */
  router(overrides?: RouterOverrides): Promise<AsyncDisposable>
  /** Sends a command as an edge would, and waits for its answer. */
  send(room: string, command: Sent): Promise<object | Refusal>
  /** The same to a desk. */
  tell(
    desk: string,
    command: { method: DeskCommand['method']; from: string; cid: string; body: object },
  ): Promise<object | Refusal>
  /** Storage refuses to load rooms until `end`; `asked` resolves when it was asked for so many. */
  refuseLoads(): Promise<{ asked(count: number): Promise<void>; end(): Promise<void> }>
  /** Resolves when the person's own log has so many events. */
  userEvents(user: string, count: number): Promise<AnyEvent[]>
}

type Sent = { [C in RoomCommand as C['method']]: Omit<C, 'reply'> }[RoomCommand['method']]

/** A namespace of its own on the shared NATS, an edge's ear for replies, and a storage that is the log. */
export async function routerFixture(servers: Servers): Promise<Fixture> {
  await using stack = new AsyncDisposableStack()
  const namespace = `r${randomUUID().slice(0, 8)}`
  const bus = stack.use(await connectBus({ url: servers.natsUrl, namespace, service: 'test', replicas: 1, log }))
  await ensureStreams(bus)
  const made = new Set<string>()
  let storage = answerStorage(bus, logStorage(bus, made) as StorageHandlers)
  stack.defer(() => storage[Symbol.dispose]())
  const replaceStorage = async (handlers: Partial<StorageHandlers>) => {
    storage[Symbol.dispose]()
    storage = answerStorage(bus, handlers as StorageHandlers)
    await flush(bus)
  }
  const waiting = new Map<number, (reply: ReplyRecord) => void>()
  subscribe(bus, bus.names.reply('edge1'), (message) => {
    for (const line of new TextDecoder().decode(message.data).split('\n')) {
      const reply = decodeJson<ReplyRecord>(new TextEncoder().encode(line))
      waiting.get(reply.r)?.(reply)
    }
  })
  await flush(bus)
  let request = 0
  const env = { NATS_URL: servers.natsUrl, NATS_NAMESPACE: namespace }
  const owned = stack.move()
  const send = async (kind: EntityKind, id: string, command: { method: string; [field: string]: unknown }) => {
    request += 1
    const reply = { edge: 'edge1', request }
    const answered = new Promise<ReplyRecord>((resolve) => waiting.set(reply.request, resolve))
    bus.nc.publish(bus.names.command(kind, id), encodeJson({ ...command, reply } as unknown as EntityCommand))
    const record = await within(WAIT_MS, answered, `the answer to ${command.method}`)
    return 'ok' in record ? record.ok : record.no
  }
  return {
    bus,
    router: async (overrides) => {
      const started = await startRouter(createContext('router', settings, { env, log }), overrides)
      return owned.use(disposedOnce(started))
    },
    send: (room, command) => send('room', room, command),
    tell: (desk, command) => {
      made.add(desk)
      return send('desk', desk, { roles: ['admin'], ...command })
    },
    refuseLoads: async () => {
      const { handlers, asked } = refusingLoads()
      await replaceStorage(handlers)
      return { asked, end: () => replaceStorage(logStorage(bus, made)) }
    },
    userEvents: async (user, count) => {
      const enough = Promise.withResolvers<void>()
      const look = async () => (await logOf(bus, 'user', user)).length >= count && enough.resolve()
      const live = subscribe(bus, bus.names.live('user', user), look)
      await flush(bus)
      await look()
      await within(WAIT_MS, enough.promise, `${count} events of ${user}`)
      live.unsubscribe()
      return logOf(bus, 'user', user)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A storage that loads no room, and counts how often it was asked to. */
function refusingLoads() {
  let count = 0
  const waiting: { readonly most: number; readonly resolve: () => void }[] = []
  const handlers: Partial<StorageHandlers> = {
    'room.load': async () => {
      count += 1
      for (const { most, resolve } of waiting) if (count >= most) resolve()
      return refuse('unavailable')
    },
  }
  const asked = (most: number) =>
    within(WAIT_MS, new Promise<void>((resolve) => waiting.push({ most, resolve })), `${most} loads`)
  return { handlers, asked }
}

/** Tests stop a router in the middle, and the fixture stops what is left: the second time is nothing. */
function disposedOnce(inner: AsyncDisposable): AsyncDisposable {
  let disposing: PromiseLike<void> | undefined
  return {
    [Symbol.asyncDispose]: async () => {
      disposing ??= inner[Symbol.asyncDispose]()
      await disposing
    },
  }
}

export const roomName = () => `g-${randomUUID().slice(0, 12)}`
export const create = (f: Fixture, room: string, members: string[] = ['bob']) =>
  f.send(room, { method: 'room.create', from: 'alice', cid: 'create', body: { kind: 'group', title: 'Tea', members } })
export const say = (f: Fixture, room: string, said: { from?: string; cid: string; text: string }) =>
  f.send(room, { method: 'message.send', from: said.from ?? 'alice', cid: said.cid, body: { text: said.text } })
