import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Bus } from '@switchboard/bus/connect'
import { api, logIn, Person } from '../../flow/flow-fixture.ts'
import { connectDirectly } from '../nats-direct.ts'
import { type RunningWorld, startWorld } from '../world.ts'
import { until } from '../world-until.ts'

const STORE_BYTES_MAX = 96 * 1_048_576
const BALLAST = 'ballast'
const BALLAST_BYTES = 512 * 1_024
const WAIT_MS = 60_000

let world: RunningWorld
let bus: Bus
before(async () => {
  world = await startWorld({
    counts: { edge: 1, router: 1, storage: 1, notifier: 1 },
    fileStoreBytesMax: STORE_BYTES_MAX,
  })
  bus = await connectDirectly(world)
})
after(async () => {
  await bus?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

/** Fills what JetStream may keep, until it refuses. @returns its word. */
async function fill(): Promise<string> {
  await bus.jsm.streams.add({ name: BALLAST, subjects: [BALLAST], num_replicas: 3 })
  for (let i = 0; i * BALLAST_BYTES < 2 * STORE_BYTES_MAX; i++) {
    const refused = await bus.js.publish(BALLAST, new Uint8Array(BALLAST_BYTES)).then(
      () => null,
      (error: Error) => error.message,
    )
    if (refused !== null) return refused
  }
  throw new Error('JetStream took twice what it may keep')
}

test('JetStream is full, then a message is refused with an error that may be tried again, and goes through when there is room', async () => {
  using ann = await new Person(world.url, await logIn(world.url, 'ann')).connect()
  const { room } = await ann.rpc<{ room: string }>('room.create', { cid: 'r', kind: 'group' })
  const send = (cid: string) => ann.rpc<{ seq: number }>('message.send', { cid, room, text: cid })
  const before = await send('before')
  assert.match(await fill(), /resource|exceed|limit/i)

  const refusals = new Set<number>()
  const acknowledged: { cid: string; seq: number }[] = []
  // What little room is left takes a few more; each of them must then be kept.
  await until('messages are refused', WAIT_MS, async () => {
    const cid = `full-${acknowledged.length}-${refusals.size}`
    await send(cid).then(
      ({ seq }) => acknowledged.push({ cid, seq }),
      (error: { code: number; temporary?: boolean }) => {
        assert.equal(error.temporary, true, JSON.stringify(error))
        refusals.add(error.code)
      },
    )
    return refusals.size > 0
  })

  await bus.jsm.streams.delete(BALLAST)
  let sent: { seq: number } | undefined
  await until('there is room again', WAIT_MS, async () => {
    sent = await send('after').catch(() => undefined)
    return sent !== undefined
  })
  assert.deepEqual(await send('after'), sent, 'the same again')
  const path = `/v1/rooms/${room}/events?limit=200`
  const { body } = await api(world.url, { path, token: await logIn(world.url, 'ann') })
  const bySeq = new Map(body.events.map((event: { seq: number; cid: string }) => [event.seq, event.cid]))
  assert.deepEqual(
    [...bySeq.keys()],
    Array.from({ length: body.head }, (_, i) => i + 1),
  )
  for (const { cid, seq } of [{ cid: 'before', ...before }, ...acknowledged, { cid: 'after', ...(sent ?? { seq: 0 }) }])
    assert.equal(bySeq.get(seq), cid)
  assert.equal(new Set(bySeq.values()).size, bySeq.size, 'nothing twice')
  assert.deepEqual(world.deaths, [])
})
