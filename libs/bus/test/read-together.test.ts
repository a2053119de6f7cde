import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { PARTITIONS, partitionOf, streamOf } from '@switchboard/contracts/partition'
import { within } from '@switchboard/runtime/deadline'
import { randomFrom } from '@switchboard/testkit/random'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import type { Bus } from '../src/connect.ts'
import { flush } from '../src/core.ts'
import { type FollowOptions, follow } from '../src/follow.ts'
import { ensureStreams } from '../src/streams.ts'
import { testBus } from './test-bus.ts'

const STREAM = 0
const MS_MAX = 60_000

let servers: Servers
let bus: Bus
let crashed: unknown[]
/** Those of a test that failed, too: who follows for ever keeps the process alive for ever. */
let following: AsyncDisposableStack
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

beforeEach(async () => {
  crashed = []
  following = new AsyncDisposableStack()
  bus = await testBus(servers)
})
afterEach(async () => {
  await following.disposeAsync()
  await bus[Symbol.asyncDispose]()
  assert.deepEqual(crashed, [])
})

const stream = () => bus.names.logStream(STREAM)

/** A room in each of the first partitions of the stream. */
const ROOMS = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  .filter((partition) => streamOf(partition) === STREAM)
  .slice(0, 6)
  .map((partition) => {
    for (let i = 0; ; i += 1) if (partitionOf(`r${i}`) === partition) return `r${i}`
  })

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const looking = async () => {
    while (!(await holds())) await flush(bus)
  }
  await within(MS_MAX, looking(), what)
}

const NO_FILTER = 'none'

/** What the consumers of the stream filter by. */
async function filters(): Promise<string[][]> {
  const found: string[][] = []
  for await (const { config } of bus.jsm.consumers.list(stream()))
    found.push(config.filter_subjects ?? [config.filter_subject ?? NO_FILTER])
  return found
}

/** One consumer is there also when the first part of several has its own, and no other has. */
async function shareOne(): Promise<void> {
  await until('one consumer for all', async () => {
    const [first = [], ...others] = await filters()
    return others.length === 0 && (first.length > 1 || first[0] === NO_FILTER)
  })
}

/** What was written to each room, by its place in the stream. */
class Written {
  readonly of = new Map(ROOMS.map((room) => [room, [] as number[]]))

  async write(room = ROOMS[0] ?? ''): Promise<void> {
    const { seq } = await bus.js.publish(bus.names.log('room', room), 'x')
    this.of.get(room)?.push(seq)
  }
}

interface Following extends AsyncDisposable {
  readonly seen: number[]
}

function followRoom(room: string, more: Partial<FollowOptions> = {}): Following {
  const seen: number[] = []
  const follower = following.use(
    follow(bus, {
      stream: stream(),
      filter: bus.names.logOf(partitionOf(room)),
      from: { seq: 1, incarnation: null },
      crash: (error) => crashed.push(error),
      aloneMs: 20,
      handle: ({ seq }) => {
        seen.push(seq)
      },
      ...more,
    }),
  )
  return { seen, [Symbol.asyncDispose]: () => follower[Symbol.asyncDispose]() }
}

test('parts of a stream that is written to, then they come together under it, and each has all of its records once, in order', async () => {
  const written = new Written()
  await Promise.all(ROOMS.map((room) => written.write(room)))
  await using parts = new AsyncDisposableStack()
  const followed = ROOMS.map((room) => ({ room, ...parts.use(followRoom(room)) }))
  let isOver = false
  const writing = async () => {
    for (let i = 0; !isOver; i += 1) await written.write(ROOMS[i % ROOMS.length])
  }
  const writer = writing()
  await shareOne()
  isOver = true
  await writer
  await Promise.all(ROOMS.map((room) => written.write(room)))
  for (const { room, seen } of followed) {
    const all = written.of.get(room) ?? []
    await until(`all of ${room}`, () => seen.length >= all.length)
    assert.deepEqual(seen, all)
  }
})

test('a part whose handler is slow, then the others go on without it, and it has the rest when it is done', async () => {
  const written = new Written()
  const [slow = '', ...others] = ROOMS
  const gate = Promise.withResolvers<void>()
  const seenSlowly: number[] = []
  let isSlow = false
  await using parts = new AsyncDisposableStack()
  parts.use(
    followRoom(slow, {
      handle: ({ seq }) => {
        seenSlowly.push(seq)
        return isSlow ? gate.promise : undefined
      },
    }),
  )
  const quick = others.map((room) => parts.use(followRoom(room)))
  await shareOne()
  isSlow = true
  for (let i = 0; i < 3; i += 1) for (const room of ROOMS) await written.write(room)
  await until('the others', () => quick.every(({ seen }) => seen.length === 3))
  assert.deepEqual(seenSlowly, written.of.get(slow)?.slice(0, 1))
  isSlow = false
  gate.resolve()
  await until('the slow one', () => seenSlowly.length === 3)
  assert.deepEqual(seenSlowly, written.of.get(slow))
})

test('the shared consumer deleted, then the stream made anew, then all go on, and from its first record', async () => {
  const written = new Written()
  await using parts = new AsyncDisposableStack()
  const followed = ROOMS.map((room) => parts.use(followRoom(room)))
  for (const room of ROOMS) await written.write(room)
  await shareOne()
  for await (const { name } of bus.jsm.consumers.list(stream())) await bus.jsm.consumers.delete(stream(), name)
  for (const room of ROOMS) await written.write(room)
  await until('what came after', () => followed.every(({ seen }) => seen.length === 2))
  await bus.jsm.streams.delete(stream())
  await ensureStreams(bus)
  const anew = new Written()
  for (const room of ROOMS) await anew.write(room)
  await until('what the new one has', () => followed.every(({ seen }) => seen.length === 3))
  assert.deepEqual(
    followed.map(({ seen }) => seen.at(-1)),
    ROOMS.map((room) => anew.of.get(room)?.[0]),
  )
})

test('one that left hears nothing more, and when all have left nothing is read', async () => {
  const written = new Written()
  const [gone, ...others] = ROOMS.map((room) => followRoom(room))
  await shareOne()
  await gone?.[Symbol.asyncDispose]()
  for (const room of ROOMS) await written.write(room)
  await until('the others', () => others.every(({ seen }) => seen.length === 1))
  assert.deepEqual(gone?.seen, [])
  for (const other of others) await other[Symbol.asyncDispose]()
  await until('nobody reads', async () => (await filters()).length === 0)
})

test('all parts of a stream, then they read without filters and hear only their own; one that leaves, then with those of the others', async () => {
  const written = new Written()
  const whole = { filtersInAll: ROOMS.length }
  const [gone, ...others] = ROOMS.map((room) => followRoom(room, whole))
  await shareOne()
  assert.deepEqual(await filters(), [[NO_FILTER]])
  // Of a part that nobody here follows, though it is in the stream.
  const strange = Array.from({ length: PARTITIONS }, (_, p) => p).filter((p) => streamOf(p) === STREAM)[ROOMS.length]
  await bus.js.publish(`${bus.names.logOf(strange ?? -1).slice(0, -1)}room.x`, 'x')
  for (const room of ROOMS) await written.write(room)
  await until('all', () => [gone, ...others].every((one) => one?.seen.length === 1))
  await gone?.[Symbol.asyncDispose]()
  await until('filters of the others', async () => (await filters()).every((of) => of.length === ROOMS.length - 1))
  for (const room of ROOMS) await written.write(room)
  await until('the others', () => others.every(({ seen }) => seen.length === 2))
  assert.equal(gone?.seen.length, 1)
  for (const other of others) await other[Symbol.asyncDispose]()
})

/** What one does who follows a room, goes, and comes back where they were. */
class Walker {
  readonly seen: number[] = []
  readonly #room: string
  readonly #dice: () => number
  #follower: AsyncDisposable | undefined

  constructor(room: string, dice: () => number) {
    this.#room = room
    this.#dice = dice
  }

  async turn(): Promise<void> {
    const follower = this.#follower
    this.#follower = undefined
    if (follower) return await follower[Symbol.asyncDispose]()
    this.#follower = followRoom(this.#room, {
      from: { seq: (this.seen.at(-1) ?? 0) + 1, incarnation: null },
      handle: ({ seq }) => {
        this.seen.push(seq)
        return this.#dice() < 0.05 ? flush(bus) : undefined
      },
    })
  }

  get isThere(): boolean {
    return this.#follower !== undefined
  }
}

test('parts that come, go and are slow by dice, while consumers are lost, then each has all of its records once, in order', async () => {
  const dice = randomFrom(7)
  const written = new Written()
  const walkers = ROOMS.map((room) => new Walker(room, dice))
  const pick = <T>(all: readonly T[]): T => all[Math.floor(dice() * all.length)] as T
  const lose = async () => {
    const names: string[] = []
    for await (const { name } of bus.jsm.consumers.list(stream())) names.push(name)
    if (names.length > 0) await bus.jsm.consumers.delete(stream(), pick(names)).catch(() => {})
  }
  await Promise.all(walkers.map((walker) => walker.turn()))
  for (let step = 0; step < 600; step += 1) {
    const way = dice()
    if (way < 0.05) await pick(walkers).turn()
    else if (way < 0.06) await lose()
    else await written.write(pick(ROOMS))
  }
  for (const walker of walkers) if (!walker.isThere) await walker.turn()
  for (const [i, room] of ROOMS.entries()) {
    const all = written.of.get(room) ?? []
    const seen = walkers[i]?.seen ?? []
    await until(`all of ${room}`, () => seen.length >= all.length)
    assert.deepEqual(seen, all)
  }
  for (const walker of walkers) await walker.turn()
})
