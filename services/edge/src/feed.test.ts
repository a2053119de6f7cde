import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogEntry } from '@switchboard/bus/log-entry'
import { encodeEntry, splitLines } from '@switchboard/contracts/entry'
import { isRefusal } from '@switchboard/contracts/errors'
import type { UnsubscribeName } from '@switchboard/contracts/protocol'
import fc from 'fast-check'
import { stoppedClock } from '../test/stopped-clock.ts'
import type { Clock } from './clock.ts'
import { jsonCodec } from './codec-json.ts'
import type { EdgeEvents } from './events.ts'
import type { Listener } from './fan-out.ts'
import type { Feed } from './feed.ts'
import { FeedRegistry } from './feed-registry.ts'
import type { Archive, Ear, LogSource } from './log-source.ts'

const events = new Proxy({}, { get: () => () => {} }) as EdgeEvents

/** One room's log: entries can be written without being heard. */
class FakeLog implements LogSource {
  readonly entries: LogEntry[] = []
  /** How many of the oldest entries the log holds no more. */
  purged = 0
  epochNow = 'e'
  broken = 0
  reads = 0
  #ear: Ear | null = null
  #logSeq = 0

  write(count: number, { isHeard = true, gone = [] as string[] } = {}): LogEntry {
    const first = (this.entries.at(-1)?.range.last ?? 0) + 1
    const made = Array.from({ length: count }, (_, i) => {
      const seq = first + i
      const user = gone[i]
      if (user !== undefined)
        return { type: 'member.removed', seq, n: seq, at: seq, from: 'a', cid: `c${seq}`, user } as const
      return { type: 'message', seq, n: seq, at: seq, from: 'a', cid: `c${seq}`, text: `t${seq}` } as const
    })
    this.#logSeq += 7
    const entry: LogEntry = {
      subject: 's',
      logSeq: this.#logSeq,
      range: { first, last: first + count - 1, n: 0, epoch: this.epochNow },
      input: { incarnation: 'i', input: 0, floor: 0 },
      gone,
      messageId: '',
      payload: encodeEntry('room:r', made),
    }
    this.entries.push(entry)
    if (isHeard) this.hear(entry)
    return entry
  }

  hear(entry: LogEntry): void {
    this.#ear?.take(entry)
  }

  listen(_kind: string, _id: string, ear: Ear) {
    this.#ear = ear
    return { unsubscribe: () => {} }
  }
  async settled() {}
  async head(): Promise<LogEntry | null> {
    this.reads += 1
    if (this.broken > 0) {
      this.broken -= 1
      throw new Error('away')
    }
    return this.entries.slice(this.purged).at(-1) ?? null
  }
  async heads() {
    const head = await this.head()
    return new Map(head ? [['r', head]] : [])
  }
  async tail(_entity: object, after: number, upTo: number) {
    return this.entries.slice(this.purged).filter(({ logSeq }) => logSeq > after && logSeq <= upTo)
  }
  async epoch() {
    return this.epochNow
  }
  archive: Archive = {
    head: async () => this.entries.at(-1)?.range.last ?? 0,
    events: async (_entity, after, upTo) =>
      this.entries
        .flatMap(({ payload }) => splitLines(payload))
        .map((line, i) => ({
          offset: i + 1,
          data: Buffer.from(JSON.stringify(JSON.parse(`${Buffer.from(line)}`).push.pub.data)),
        }))
        .filter(({ offset }) => offset > after && offset <= upTo),
  }
}

class Hearer implements Listener {
  readonly codec = jsonCodec
  readonly since = 0
  readonly user: string
  position = 0
  readonly offsets: number[] = []
  readonly texts: string[] = []
  end: UnsubscribeName | null = null

  constructor(user = 'u') {
    this.user = user
  }

  send(frame: Uint8Array): void {
    for (const line of Buffer.from(frame).toString().split('\n')) {
      const { offset, data } = JSON.parse(line).push.pub
      this.offsets.push(offset)
      this.texts.push(data.text)
    }
  }
  sendNow(frame: Uint8Array): void {
    this.send(frame)
  }
  hold(): void {}
  release(): void {}
  signal(): void {}
  ended(why: UnsubscribeName): void {
    this.end = why
  }
}

async function openFeed(log: FakeLog, clock: Clock): Promise<{ feed: Feed; registry: FeedRegistry; hearer: Hearer }> {
  const registry = new FeedRegistry({ source: log, archive: log.archive, clock, events })
  const feed = await registry.use({ kind: 'room', id: 'r' })
  if (isRefusal(feed)) throw new Error(feed.message)
  const hearer = new Hearer()
  hearer.position = feed.head
  feed.audience.add(hearer)
  return { feed, registry, hearer }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
/** Lets promises that are ready go on. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

test('a live entry with a hole before it, then it waits until the hole is mended from the log', async () => {
  const log = new FakeLog()
  log.write(2)
  const { feed, hearer } = await openFeed(log, stoppedClock().clock)
  log.write(3, { isHeard: false })
  log.write(1, { isHeard: false })
  log.write(2)
  assert.deepEqual(hearer.offsets, [])
  await settle()
  assert.deepEqual(hearer.offsets, range(3, 8))
  assert.equal(feed.head, 8)
})

test('a hole that the log holds no more, then storage fills it', async () => {
  const log = new FakeLog()
  log.write(2)
  const { hearer } = await openFeed(log, stoppedClock().clock)
  log.write(3, { isHeard: false })
  log.purged = 2
  log.write(1)
  await settle()
  assert.deepEqual(hearer.offsets, [3, 4, 5, 6])
  assert.equal(hearer.end, null)
})

test('a removal in what storage fills, then the removed one is given nothing after it', async () => {
  const log = new FakeLog()
  log.write(1)
  const { feed, hearer } = await openFeed(log, stoppedClock().clock)
  const gone = new Hearer('g')
  gone.position = 1
  feed.audience.add(gone)
  log.write(4, { isHeard: false })
  const all = log.archive.events
  log.archive.events = async (entity, after, upTo) => {
    const events = (await all(entity, after, upTo)) ?? []
    const removal = { type: 'member.removed', user: 'g', text: 'gone' }
    return events.map((each) => (each.offset === 3 ? { ...each, data: Buffer.from(JSON.stringify(removal)) } : each))
  }
  log.purged = 2
  log.write(1)
  await settle()
  assert.deepEqual([hearer.offsets, gone.offsets, gone.end], [[2, 3, 4, 5, 6], [2, 3], 'removed'])
})

test('a hole that nobody can fill, then the position is void and said so', async () => {
  const log = new FakeLog()
  log.write(2)
  const { feed, hearer } = await openFeed(log, stoppedClock().clock)
  log.archive.events = async () => null
  log.write(3, { isHeard: false })
  log.purged = 2
  log.write(1)
  await settle()
  assert.deepEqual([hearer.offsets, hearer.end, feed.head], [[], 'insufficient_state', 6])
})

test('NATS away while mending, then it is tried again until it is done', async () => {
  const log = new FakeLog()
  log.write(1)
  const { clock, pass } = stoppedClock()
  const { hearer } = await openFeed(log, clock)
  log.broken = 3
  log.write(1, { isHeard: false })
  log.write(1)
  for (let i = 0; i < 4; i += 1) {
    await settle()
    assert.deepEqual(hearer.offsets, i < 3 ? [] : [2, 3])
    pass(10_000)
  }
})

test('the same entry twice or an old one, then it is given once', async () => {
  const log = new FakeLog()
  log.write(1)
  const { hearer } = await openFeed(log, stoppedClock().clock)
  const entry = log.write(2)
  log.hear(entry)
  log.hear(log.entries[0] ?? entry)
  assert.deepEqual(hearer.offsets, [2, 3])
})

test('the last entry of a quiet room is lost, then the audit finds it', async () => {
  const log = new FakeLog()
  log.write(1)
  const { clock } = stoppedClock()
  const { hearer, registry } = await openFeed(log, clock)
  log.write(1, { isHeard: false })
  await registry.auditAll()
  await settle()
  assert.deepEqual(hearer.offsets, [2])
})

test('opened from an old head, then what came before listening is brought at the second look', async () => {
  const log = new FakeLog()
  log.write(1)
  const old = log.entries.slice()
  log.write(2)
  const { clock, pass } = stoppedClock()
  const registry = new FeedRegistry({ source: log, archive: log.archive, clock, events })
  log.heads = async () => new Map([['r', old[0] as LogEntry]])
  const [feed] = await Promise.all([registry.use({ kind: 'room', id: 'r' }), registry.use({ kind: 'room', id: 'q' })])
  if (isRefusal(feed)) throw new Error(feed.message)
  assert.equal(feed.head, 1)
  const hearer = new Hearer()
  hearer.position = 1
  feed.audience.add(hearer)
  log.heads = FakeLog.prototype.heads
  for (let i = 0; i < 2; i += 1) pass(1_000)
  await settle()
  assert.deepEqual(hearer.offsets, [2, 3])
})

test('whoever is removed by an entry, then they are given it and nothing after it', async () => {
  const log = new FakeLog()
  const { feed, hearer } = await openFeed(log, stoppedClock().clock)
  const gone = new Hearer('g')
  const expected = new Hearer('g')
  feed.audience.add(gone)
  feed.audience.expect(expected)
  log.write(1, { gone: ['g'] })
  log.write(1)
  assert.deepEqual([gone.offsets, gone.end, expected.end], [[1], 'removed', 'removed'])
  assert.deepEqual(hearer.offsets, [1, 2])
  assert.deepEqual([feed.removedAt('g'), feed.removedAt('h')], [1, 0], 'and the feed knows it')
})

test('another epoch, then every position is void', async () => {
  const log = new FakeLog()
  log.write(5)
  const { feed, hearer } = await openFeed(log, stoppedClock().clock)
  log.epochNow = 'f'
  log.write(1)
  assert.deepEqual([hearer.end, feed.epoch, feed.head, feed.since(5)], ['insufficient_state', 'f', 6, null])
})

test('an audience of thousands, then all are given everything in order, in slices', async () => {
  const log = new FakeLog()
  const { feed } = await openFeed(log, stoppedClock().clock)
  const crowd = range(1, 1_700).map(() => new Hearer())
  for (const each of crowd) feed.audience.add(each)
  log.write(1)
  const late = new Hearer()
  late.position = feed.head
  feed.audience.add(late)
  log.write(2)
  feed.audience.remove(crowd[1_600] as Hearer)
  assert.equal(crowd[1_200]?.offsets.length, 0)
  for (let i = 0; i < 10; i += 1) await settle()
  for (const [i, each] of crowd.entries()) if (i !== 1_600) assert.deepEqual(each.offsets, [1, 2, 3])
  assert.deepEqual([late.offsets, crowd[1_600]?.offsets], [[2, 3], []])
})

test('a feed that nobody uses, then it stays for those who come right back, and is dropped later', async () => {
  const log = new FakeLog()
  log.write(1)
  const { clock: ticking, pass } = stoppedClock()
  // An audit would be a reading, too.
  const clock: Clock = { ...ticking, every: () => () => {} }
  const { feed, registry } = await openFeed(log, clock)
  const reads = log.reads
  registry.release(feed)
  pass(20_000)
  assert.equal(await registry.use({ kind: 'room', id: 'r' }), feed)
  assert.equal(log.reads, reads)
  registry.release(feed)
  pass(40_000)
  assert.equal(registry.size, 0)
})

test('any losses and repetitions, then a listener is given 1, 2, 3 … all the same', async () => {
  const step = fc.record({
    count: fc.integer({ min: 1, max: 4 }),
    isHeard: fc.boolean(),
    again: fc.nat(8),
    pause: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const log = new FakeLog()
      const { hearer, registry } = await openFeed(log, stoppedClock().clock)
      for (const { count, isHeard, again, pause } of steps) {
        log.write(count, { isHeard })
        const repeated = log.entries.at(-1 - again)
        if (repeated) log.hear(repeated)
        if (pause) await settle()
      }
      await settle()
      await registry.auditAll()
      await settle()
      assert.deepEqual(hearer.offsets, range(1, log.entries.at(-1)?.range.last ?? 0))
      assert.deepEqual(
        hearer.texts,
        hearer.offsets.map((offset) => `t${offset}`),
      )
    }),
    { numRuns: 100 },
  )
})
