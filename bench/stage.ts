import { randomUUID, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { newSigningKey } from '../tools/system/key.ts'
import type { ServiceName } from '../tools/system/service.ts'
import { type System, type SystemOptions, startSystem } from '../tools/system/system.ts'
import { Caller } from './caller.ts'
import type { Member } from './load/dialect.ts'
import { readMetrics, sumOf } from './measure/metrics.ts'
import { familyMeter } from './measure/process-family.ts'
import { type CpuMs, type Metered, metering } from './measure/processes.ts'
import { serverMeters } from './measure/servers.ts'
import { VoidRunError } from './measure/void-run.ts'

/** Members that one `room.create` takes besides whoever makes it. */
const CREATE_MEMBERS = 99
const TOKEN_SECONDS = 86_400
const ISSUER = 'switchboard'
const CALLS_AT_ONCE = 64
const FOLLOW_MS_MAX = 60_000
/** Reading the metrics costs the services something too. */
const FOLLOW_LOOK_MS = 100

/** Real servers for the whole bench; each piece of work has a namespace and a database of its own on them. */
export interface Ground extends AsyncDisposable {
  readonly servers: Servers
  readonly meters: { readonly nats: Metered; readonly mongo: Metered }
  /** Options of a system of its own. */
  fresh(): Promise<SystemOptions>
}

export async function startGround(report: (line: string) => void): Promise<Ground> {
  await using stack = new AsyncDisposableStack()
  const servers = stack.use(await startServers({ own: true, isDirect: true, report }))
  const logDir = await mkdtemp(join(tmpdir(), 'switchboard-bench-'))
  stack.defer(() => rm(logDir, { recursive: true, force: true }))
  const owned = stack.move()
  return {
    servers,
    meters: await serverMeters(servers),
    fresh: async () => {
      const name = randomUUID().slice(0, 8)
      return {
        natsUrl: servers.natsUrl,
        mongoUrl: servers.mongoUrl,
        namespace: `b${name}`,
        database: `bench_${name}`,
        jwtPrivateKey: newSigningKey(),
        logDir,
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The whole system at work, with the meters of all its processes. */
export interface Stage extends AsyncDisposable {
  readonly system: System
  readonly url: string
  readonly options: SystemOptions
  /** Of one service, or of all processes that serve: the four services, NATS, MongoDB. */
  meter(service: ServiceName): Metered
  readonly meters: readonly Metered[]
  /** What all processes use for some work, until storage and notifier have followed the events of it. */
  metering<T extends { readonly events: number }>(work: () => Promise<T>): Promise<{ result: T; used: CpuMs }>
  token(user: string): string
  /** A room of these people. */
  makeRoom(members: readonly string[]): Promise<string>
  /** Many rooms, some at a time. */
  makeRooms(rooms: readonly (readonly string[])[]): Promise<string[]>
}

export async function startStage(ground: Ground, more: Partial<SystemOptions> = {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack()
  const options = { ...(await ground.fresh()), ...more }
  const system = stack.use(await startSystem(options))
  const token = (user: string) => tokenOf(options.jwtPrivateKey, user)
  const meter = (service: ServiceName) => familyMeter(service, () => system.process(service).pid)
  const meters = [...system.processes.map(({ service }) => meter(service)), ground.meters.nats, ground.meters.mongo]
  const makeRooms = async (rooms: readonly (readonly string[])[]) => {
    const ids = await someAtOnce(rooms, CALLS_AT_ONCE, (members) => roomOf(system.url, token, members))
    await settled(system)
    return ids
  }
  const owned = stack.move()
  return {
    system,
    url: system.url,
    options,
    meter,
    meters,
    metering: async (work) => {
      const followed = await following(system)
      return metering(meters, async () => {
        const result = await work()
        await followed(result.events)
        return result
      })
    },
    token,
    makeRooms,
    makeRoom: async (members) => (await makeRooms([members]))[0] ?? '',
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/**
 * Everybody's list has the rooms that were made. Who connects before is given their room later, with all that happened in it: on a
 * loaded machine those were deliveries that the load had not asked for.
 */
async function settled(system: System): Promise<void> {
  const read = async (service: ServiceName, name: string) =>
    sumOf(await readMetrics(system.process(service).operatorUrl), name)
  const deadline = performance.now() + FOLLOW_MS_MAX
  for (let before = -1; ; await sleep(FOLLOW_LOOK_MS)) {
    const [inHand, stored, waiting] = await Promise.all([
      read('router', 'switchboard_channel_pending'),
      read('storage', 'switchboard_storage_events_total'),
      read('storage', 'switchboard_channel_pending'),
    ])
    if (inHand === 0 && waiting === 0 && stored === before) return
    if (performance.now() > deadline)
      throw new VoidRunError(`rooms were not in everybody's list within ${FOLLOW_MS_MAX} ms`)
    before = stored
  }
}

/** Work is done when all of it is done: what storage and notifier do after the acknowledgement belongs to its price. */
async function following(system: System): Promise<(events: number) => Promise<void>> {
  const read = async (service: ServiceName, name: string, label = '') =>
    sumOf(await readMetrics(system.process(service).operatorUrl), name, label)
  const stored = () => read('storage', 'switchboard_storage_events_total')
  const planned = () => read('notifier', 'switchboard_channel_messages_total', 'channel="log"')
  const inHand = () => read('notifier', 'switchboard_channel_pending', 'channel="log"')
  const before = await stored()
  return async (events) => {
    const deadline = performance.now() + FOLLOW_MS_MAX
    let plannedBefore = -1
    for (;;) {
      const [storedNow, plannedNow] = [(await stored()) - before, await planned()]
      // How many entries the notifier had to look at is the router's affair: it has, when it stands still.
      if (storedNow >= events && plannedNow === plannedBefore && (await inHand()) === 0) return
      if (performance.now() > deadline)
        throw new VoidRunError(`${storedNow} of ${events} events were stored after ${FOLLOW_MS_MAX} ms`)
      plannedBefore = plannedNow
      await sleep(FOLLOW_LOOK_MS)
    }
  }
}

/** Signed as an edge would. */
export function tokenOf(privateKey: string, user: string): string {
  const now = Math.floor(Date.now() / 1_000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { roles: ['user'], iss: ISSUER, sub: user, iat: now, exp: now + TOKEN_SECONDS }
  const unsigned = `${part({ alg: 'EdDSA', typ: 'JWT' })}.${part(claims)}`
  return `${unsigned}.${sign(null, Buffer.from(unsigned), privateKey).toString('base64url')}`
}

/** The first of them makes it; those who do not fit into the first event are added one by one. */
async function roomOf(url: string, token: (user: string) => string, members: readonly string[]): Promise<string> {
  const [owner = '', ...others] = members
  using caller = await Caller.connected(url, token(owner))
  // Awaited here: the connection ends with this function.
  return await roomMadeBy(caller, others)
}

/** A room of the caller and these others. */
export async function roomMadeBy(caller: Caller, others: readonly string[]): Promise<string> {
  const kind = 'group'
  const { room } = await caller.rpc<{ room: string }>('room.create', {
    cid: randomUUID(),
    kind,
    title: 'Bench',
    members: others.slice(0, CREATE_MEMBERS),
  })
  await someAtOnce(others.slice(CREATE_MEMBERS), CALLS_AT_ONCE, (user) =>
    caller.rpc('room.add', { cid: randomUUID(), room, user }),
  )
  return room
}

/** Does it for all, so many at a time, in order. */
export async function someAtOnce<T, R>(
  items: readonly T[],
  count: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const left = items.entries()
  const one = async () => {
    for (const [i, item] of left) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, one))
  return results
}

/** People with the names of their room in the mouth: `u<room>-<i>`. */
export const membersOf = (token: (user: string) => string, room: string, users: readonly string[]): Member[] =>
  users.map((user) => ({ token: token(user), rooms: [`room:${room}`] }))

export const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)
