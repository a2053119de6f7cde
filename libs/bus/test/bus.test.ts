import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import { isRefusal } from '@switchboard/contracts/errors'
import { partitionOf, streamOf } from '@switchboard/contracts/partition'
import { within } from '@switchboard/runtime/deadline'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import pino from 'pino'
import { answer, ask } from '../src/ask.ts'
import { type Bus, connectBus } from '../src/connect.ts'
import { decodeJson, encodeJson, flush, subscribe } from '../src/core.ts'
import { follow } from '../src/follow.ts'
import { holdLease, readLeases, watchLeases } from '../src/lease.ts'
import { publishExpecting, readBack, readHead, readHeads, readTail } from '../src/log.ts'
import { holdPartitions } from '../src/partitions.ts'
import { ensureStreams } from '../src/streams.ts'
import { consumeWork, done, reject, retry } from '../src/work.ts'

const log = pino({ level: 'silent' })
let servers: Servers
let bus: Bus
const crash = (error: unknown) => {
  throw error
}

before(async () => {
  servers = await startServers({ natsOnly: true })
  bus = await connectBus({
    url: servers.natsUrl,
    namespace: `t${randomUUID().slice(0, 8)}`,
    service: 'test',
    replicas: 1,
    log,
  })
  await ensureStreams(bus)
})
after(async () => {
  await bus[Symbol.asyncDispose]()
  await servers[Symbol.asyncDispose]()
})

/** Resolves when `condition` holds, looked at after each of `kick`'s calls; the deadline is the test's. */
function until<T>(what: string): { promise: Promise<T>; resolve: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>()
  return { promise: within(60_000, promise, what), resolve }
}

const entry = (room: string, { first, texts, expect }: { first: number; texts: string[]; expect: number }) => {
  const events = texts.map((text, i) => ({
    type: 'message' as const,
    seq: first + i,
    n: first + i,
    at: 1,
    from: 'a',
    cid: `c${first + i}`,
    text,
  }))
  const range = { first, last: first + texts.length - 1, n: first + texts.length - 1, epoch: 'e' }
  return {
    subject: bus.names.log('room', room),
    payload: encodeEntry(`room:${room}`, events),
    headers: {
      [HEADER.entry]: formatRange(range),
      [HEADER.input]: formatInput({ incarnation: 'i', input: first, floor: 0 }),
    },
    messageId: `${room}-${first}-${texts.join()}`,
    expect,
  }
}

test('a publish that expects another sequence, then conflict, and the log is as before', async () => {
  const first = await publishExpecting(bus, entry('r1', { first: 1, texts: ['one'], expect: 0 }))
  assert.equal(first.kind, 'stored')
  const zombie = await publishExpecting(bus, entry('r1', { first: 1, texts: ['other'], expect: 0 }))
  assert.equal(zombie.kind, 'conflict')
  const head = await readHead(bus, 'room', 'r1')
  assert.equal(head?.range.last, 1)
  assert.match(new TextDecoder().decode(head?.payload), /"text":"one"/)
})

test('heads and tails, read in batches, are the entries of the asked rooms alone', async () => {
  let expect = 0
  for (let i = 0; i < 5; i += 1) {
    const published = await publishExpecting(bus, entry('r2', { first: 1 + 2 * i, texts: ['x', 'y'], expect }))
    assert.equal(published.kind, 'stored')
    if (published.kind === 'stored') expect = published.seq
  }
  await publishExpecting(bus, entry('r3', { first: 1, texts: ['z'], expect: 0 }))
  const heads = await readHeads(bus, 'room', ['r2', 'r3', 'nothing'])
  assert.deepEqual([...heads.keys()].sort(), ['r2', 'r3'])
  assert.equal(heads.get('r2')?.range.last, 10)
  const head = await readHead(bus, 'room', 'r2')
  const tail = await readTail(bus, { kind: 'room', id: 'r2' }, { after: 0, upTo: head?.logSeq ?? 0 })
  assert.deepEqual(
    tail.map((e) => e.range.first),
    [1, 3, 5, 7, 9],
  )
  assert.equal(await readHead(bus, 'room', 'never'), null)
  const back = async (after: number, most: number, logSeq = head?.logSeq ?? 0) =>
    (await readBack(bus, { kind: 'room', id: 'r2' }, { logSeq, after, most }))?.map(({ range }) => range.first) ?? null
  assert.deepEqual([await back(8, 9), await back(7, 9), await back(0, 5)], [[9], [7, 9], [1, 3, 5, 7, 9]])
  assert.deepEqual([await back(0, 4), await back(0, 9, expect + 1), await back(0, 9, 0)], [null, null, null])
})

test('the log is republished to live subjects with the headers of its entries', async () => {
  const heard = until<string>('a live entry')
  const live = subscribe(bus, bus.names.live('room', 'r4'), (m) => heard.resolve(m.headers?.get(HEADER.entry) ?? ''))
  await flush(bus)
  await publishExpecting(bus, entry('r4', { first: 1, texts: ['hello'], expect: 0 }))
  assert.equal(await heard.promise, '1 1 1 e')
  live.unsubscribe()
})

test('follow, from a sequence on, then every record of the partition in order and new ones as they come', async () => {
  const partition = partitionOf('r5')
  const stream = bus.names.logStream(streamOf(partition))
  const one = await publishExpecting(bus, entry('r5', { first: 1, texts: ['a'], expect: 0 }))
  assert.equal(one.kind, 'stored')
  const seen: number[] = []
  const third = until<void>('the third record')
  const expect = one.kind === 'stored' ? one.seq : 0
  await using _follower = follow(bus, {
    stream,
    filter: bus.names.logOf(partition),
    from: { seq: expect, incarnation: null },
    crash,
    handle: (record) => {
      seen.push(Number(record.headers?.get(HEADER.entry).split(' ')[0]))
      if (seen.length === 3) third.resolve()
    },
  })
  const two = await publishExpecting(bus, entry('r5', { first: 2, texts: ['b'], expect }))
  assert.equal(two.kind, 'stored')
  await publishExpecting(bus, entry('r5', { first: 3, texts: ['c'], expect: two.kind === 'stored' ? two.seq : 0 }))
  await third.promise
  assert.deepEqual(seen, [1, 2, 3])
})

test('follow, from a position in an earlier incarnation of the stream, then from its first record', async () => {
  const partition = partitionOf('r6')
  await publishExpecting(bus, entry('r6', { first: 1, texts: ['a'], expect: 0 }))
  const first = until<string>('a record')
  await using _follower = follow(bus, {
    stream: bus.names.logStream(streamOf(partition)),
    filter: bus.names.log('room', 'r6'),
    from: { seq: 1_000_000, incarnation: 'another' },
    crash,
    handle: (record) => first.resolve(record.subject),
  })
  assert.equal(await first.promise, bus.names.log('room', 'r6'))
})

test('follow, the stream deleted and made anew under it, then its first records', async () => {
  const partition = partitionOf('r7')
  const stream = bus.names.logStream(streamOf(partition))
  const [before, after] = [until<void>('a record of the first stream'), until<string>('a record of the second')]
  await using _follower = follow(bus, {
    stream,
    filter: bus.names.log('room', 'r7'),
    from: { seq: 1, incarnation: null },
    crash,
    handle: (record) => {
      const text = new TextDecoder().decode(record.data)
      if (text.includes('"old"')) before.resolve()
      else after.resolve(text)
    },
  })
  await publishExpecting(bus, entry('r7', { first: 1, texts: ['old'], expect: 0 }))
  await before.promise
  await bus.jsm.streams.delete(stream)
  await ensureStreams(bus)
  await publishExpecting(bus, entry('r7', { first: 1, texts: ['new'], expect: 0 }))
  assert.match(await after.promise, /"new"/)
})

test('ask, with nobody there, then unavailable; with an answer, then the answer', async () => {
  const nobody = await ask(bus, bus.names.query('storage', 'nothing'), {})
  assert.ok(isRefusal(nobody) && nobody.code === 'unavailable')
  const subscription = answer(bus, bus.names.query('storage', 'double'), async (q: { n: number }) => ({ n: q.n * 2 }))
  await flush(bus)
  assert.deepEqual(await ask(bus, bus.names.query('storage', 'double'), { n: 21 }), { n: 42 })
  subscription.unsubscribe()
})

test('work, retried once and rejected once, then done once and buried once', async () => {
  const attempts: number[] = []
  const rejected = until<void>('the rejected record')
  const dead = until<string>('the dead letter')
  const graves = subscribe(bus, bus.names.deadAll, (m) => dead.resolve(new TextDecoder().decode(m.data)))
  await flush(bus)
  await using _work = await consumeWork(bus, {
    service: 'notifier',
    channel: 'pushes',
    stream: bus.names.pushesStream,
    durable: 'test',
    filter: bus.names.pushAll,
    parallel: 4,
    crash,
    handle: async (record) => {
      const text = new TextDecoder().decode(record.data)
      if (text.includes('bad')) {
        rejected.resolve()
        return reject('a bad one')
      }
      attempts.push(record.attempt)
      return record.attempt === 1 ? retry(50) : done
    },
  })
  await bus.js.publish(bus.names.push('apns'), encodeJson('good'))
  await bus.js.publish(bus.names.push('apns'), encodeJson('bad'))
  await rejected.promise
  assert.match(await dead.promise, /a bad one/)
  graves.unsubscribe()
  const info = until<void>('an empty queue')
  const look = setInterval(async () => {
    if ((await bus.jsm.streams.info(bus.names.pushesStream)).state.messages === 0) info.resolve()
  }, 50)
  await info.promise
  clearInterval(look)
  assert.deepEqual(attempts, [1, 2])
})

test('work, its consumer deleted, then the stream too, then it goes on with what comes', async () => {
  const seen: string[] = []
  const heard = new Map(['one', 'two', 'three'].map((text) => [text, until<void>(text)]))
  await using _work = await consumeWork(bus, {
    service: 'notifier',
    channel: 'pushes',
    stream: bus.names.pushesStream,
    durable: 'test',
    filter: bus.names.pushAll,
    parallel: 4,
    crash,
    handle: async (record) => {
      const text = decodeJson<string>(record.data)
      seen.push(text)
      heard.get(text)?.resolve()
      return done
    },
  })
  const push = async (text: string) => {
    await bus.js.publish(bus.names.push('apns'), encodeJson(text))
    await heard.get(text)?.promise
  }
  await push('one')
  await bus.jsm.consumers.delete(bus.names.pushesStream, 'test')
  await push('two')
  await bus.jsm.streams.delete(bus.names.pushesStream)
  await ensureStreams(bus)
  await push('three')
  // An acknowledgement that was on its way when the consumer went is lost, and its record comes again.
  assert.deepEqual([...new Set(seen)], ['one', 'two', 'three'])
})

test('a lease, held and given back, then its watcher hears both', async () => {
  const began = until<string>('the beginning')
  const ended = until<string>('the end')
  await using _watch = await watchLeases(bus, {
    prefix: 'edge.*',
    everyMs: 50,
    lifeMs: 3_000,
    began: (l) => began.resolve(l.value),
    ended: ended.resolve,
  })
  const lease = await holdLease(bus, { key: 'edge.e1', value: { pod: 'x' }, ttlMs: 3_000 })
  assert.equal(await began.promise, '{"pod":"x"}')
  await lease[Symbol.asyncDispose]()
  assert.equal(await ended.promise, 'edge.e1')
  assert.equal((await readLeases(bus, 'edge.e1')).at(0)?.alive, false)
})

test('partitions, with a second pod, are shared half and half, and all come back when it goes', async () => {
  const counts = { a: 0, b: 0 }
  const half = until<void>('an even share')
  const all = until<void>('the whole')
  let second = false
  const changed = (pod: 'a' | 'b') => (held: number) => {
    counts[pod] = held
    if (second && counts.a === 32 && counts.b === 32) half.resolve()
    if (!second && counts.a === 64) all.resolve()
  }
  const gained = () => ({ [Symbol.asyncDispose]: async () => {} })
  await using _a = await holdPartitions(bus, { group: 'storage', id: 'poda', gained, changed: changed('a'), crash })
  assert.equal(counts.a, 64)
  second = true
  const b = await holdPartitions(bus, { group: 'storage', id: 'podb', gained, changed: changed('b'), crash })
  await half.promise
  second = false
  await b[Symbol.asyncDispose]()
  await all.promise
})
