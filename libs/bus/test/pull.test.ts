import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { AckPolicy } from '@nats-io/jetstream'
import { partitionOf, streamOf } from '@switchboard/contracts/partition'
import { within } from '@switchboard/runtime/deadline'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import type { Bus } from '../src/connect.ts'
import { type Pulled, type PullOptions, pull } from '../src/pull.ts'
import { testBus } from './test-bus.ts'

const MS_MAX = 20_000
const CONSUMER = 'reader'
const ROOM = 'r0'
/** Long beside what the server needs for an answer. */
const GATHER_MS = 300

let servers: Servers
let bus: Bus
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

beforeEach(async () => {
  bus = await testBus(servers)
  await bus.jsm.consumers.add(stream(), { durable_name: CONSUMER, ack_policy: AckPolicy.Explicit })
})
afterEach(() => bus[Symbol.asyncDispose]())

const stream = () => bus.names.logStream(streamOf(partitionOf(ROOM)))
const subject = () => bus.names.log('room', ROOM)
const write = (text: string) => bus.js.publish(subject(), text)
const textOf = ({ data }: Pulled) => new TextDecoder().decode(data)

/** A reading with its pieces taken by hand. */
class Reading implements AsyncDisposable {
  readonly #abort = new AbortController()
  readonly #pieces: AsyncGenerator<readonly Pulled[], void>

  constructor(more: Partial<PullOptions> = {}) {
    const options = { stream: stream(), consumer: CONSUMER, batch: 100, gatherMs: 0, signal: this.#abort.signal }
    this.#pieces = pull(bus, { ...options, ...more })
  }

  /** The next piece; undefined at the end. */
  async next(): Promise<readonly Pulled[] | undefined> {
    const piece = await within(MS_MAX, this.#pieces.next(), 'the next piece')
    return piece.done ? undefined : piece.value
  }

  async texts(): Promise<string[] | undefined> {
    return (await this.next())?.map(textOf)
  }

  stop(): void {
    this.#abort.abort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    await this.#pieces.return()
  }
}

test('a record, then all that its consumer says of it', async () => {
  await using reading = new Reading()
  const beforeMs = Date.now()
  const { seq } = await write('one')
  const [record] = (await reading.next()) ?? []
  assert.ok(record)
  assert.equal(textOf(record), 'one')
  assert.deepEqual(
    { subject: record.subject, seq: record.seq, delivery: record.delivery, attempt: record.attempt },
    { subject: subject(), seq, delivery: 1, attempt: 1 },
  )
  assert.ok(Math.abs(record.at - beforeMs) < MS_MAX, `it was stored at ${record.at}`)
})

test('a record given back, then it comes as the second attempt and the second delivery', async () => {
  await using reading = new Reading()
  await write('one')
  const [first] = (await reading.next()) ?? []
  bus.nc.publish(first?.reply ?? '', '-NAK')
  const [second] = (await reading.next()) ?? []
  assert.deepEqual([second?.seq, second?.attempt, second?.delivery], [first?.seq, 2, 2])
})

test('gathering, then the first comes at once and those behind it together', async () => {
  await using reading = new Reading({ gatherMs: GATHER_MS })
  const first = reading.texts()
  await write('first')
  assert.deepEqual(await first, ['first'])
  const sinceMs = performance.now()
  const rest = reading.texts()
  for (const text of ['a', 'b', 'c']) await write(text)
  const writtenMs = performance.now() - sinceMs
  const together = await rest
  // On a machine so slow that the writing took as long as the gathering, they may have been parted.
  if (writtenMs < GATHER_MS / 4) assert.ok((together?.length ?? 0) >= 2, `${together} in ${writtenMs} ms`)
  const all = [...(together ?? [])]
  while (all.length < 3) all.push(...((await reading.texts()) ?? assert.fail('it ended')))
  assert.deepEqual(all, ['a', 'b', 'c'])
})

test('gathering far behind, then a full answer is followed by the next question at once', async () => {
  const count = 40
  for (let i = 0; i < count; i += 1) await write(String(i))
  await using reading = new Reading({ gatherMs: MS_MAX * 2, batch: 10 })
  const all: string[] = []
  while (all.length < count) all.push(...((await reading.texts()) ?? assert.fail('it ended')))
  assert.deepEqual(all, [...Array(count).keys()].map(String))
})

test('nobody who takes, then the server is asked for no more than twice a batch', async () => {
  const batch = 10
  await using reading = new Reading({ batch })
  await write('first')
  await reading.next()
  for (let i = 0; i < 5 * batch; i += 1) await write(String(i))
  const { delivered } = await bus.jsm.consumers.info(stream(), CONSUMER)
  assert.ok(delivered.consumer_seq <= 2 * batch, `${delivered.consumer_seq} were given out`)
  let taken = 1
  while (taken < 5 * batch + 1) taken += (await reading.next())?.length ?? assert.fail('it ended')
})

for (const gatherMs of [0, GATHER_MS]) {
  test(`its consumer deleted, then it ends; gathered for ${gatherMs} ms`, async () => {
    await using reading = new Reading({ gatherMs })
    await write('one')
    await reading.next()
    const last = reading.next()
    await bus.jsm.consumers.delete(stream(), CONSUMER)
    assert.equal(await last, undefined)
  })

  test(`stopped while it waits, then it ends; gathered for ${gatherMs} ms`, async () => {
    await using reading = new Reading({ gatherMs })
    const last = reading.next()
    reading.stop()
    assert.equal(await last, undefined)
  })

  test(`a consumer that never was, then it ends; gathered for ${gatherMs} ms`, async () => {
    await using reading = new Reading({ gatherMs, consumer: 'nobody' })
    assert.equal(await reading.next(), undefined)
  })
}

test('the connection closed, then it ends', async () => {
  await using reading = new Reading()
  const last = reading.next()
  await bus.nc.close()
  assert.equal(await last, undefined)
})
