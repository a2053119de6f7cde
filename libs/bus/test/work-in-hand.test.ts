import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { within } from '@switchboard/runtime/deadline'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { consumeWork, done, type WorkRecord } from '../src/work.ts'
import { testBus } from './test-bus.ts'

const WAIT_MS = 20_000
const RECORDS = 1_700
/** What is asked for at once: before that nobody knows how large it is. */
const AT_ONCE = 500
const parallel = 5_000

let servers: Servers
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

test('more than may be in hand, then no more is taken until half of it is done, and all of it is in the end', async () => {
  await using bus = await testBus(servers)
  const subject = bus.names.log('room', 'r')
  const stream = await bus.jsm.streams.find(subject)
  await Promise.all(Array.from({ length: RECORDS }, () => bus.js.publish(subject, new Uint8Array(100))))
  const every = {
    service: 'test',
    channel: 'log',
    stream,
    parallel,
    crash: (error: unknown) => assert.fail(`${error}`),
  }

  const held: (() => void)[] = []
  const seen = new Set<number>()
  const all = Promise.withResolvers<void>()
  let isHolding = true
  const hold = async ({ seq }: WorkRecord) => {
    seen.add(seq)
    if (seen.size === RECORDS) all.resolve()
    if (isHolding) await new Promise<void>((resolve) => held.push(resolve))
    return done
  }
  await using _slow = await consumeWork(bus, { ...every, durable: 'slow', bytesMax: AT_ONCE * 1_000, handle: hold })

  const letGo = () => {
    isHolding = false
    for (const go of held.splice(0)) go()
  }
  // Also after a failure: work that is disposed of waits for what it has in hand.
  using _end = { [Symbol.dispose]: letGo }

  // They read in the same moments: when the quick one has everything, the slow one could have had it too.
  const quick = Promise.withResolvers<void>()
  let taken = 0
  const count = async () => {
    taken += 1
    if (taken === RECORDS) quick.resolve()
    return done
  }
  await using _quick = await consumeWork(bus, { ...every, durable: 'quick', handle: count })
  await within(WAIT_MS, quick.promise, 'all of it at the quick one')
  assert.equal(seen.size, AT_ONCE)

  letGo()
  await within(WAIT_MS, all.promise, 'all of it at the slow one')
})
