import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pushOf } from '../test/push-fixture.ts'
import type { ClaimRecord } from './claims.ts'
import type { Delivery } from './deliver.ts'
import { pushDeliverer } from './deliver-pushes.ts'
import type { Events } from './events.ts'
import type { Outcome, PushRequest } from './outcome.ts'

const SETTLE_MS = 100_000
const record = pushOf(7)

/** A bucket of claims as several notifiers share it, in memory. */
function startClaims() {
  const stored = new Map<string, { revision: number; value: ClaimRecord }>()
  let revision = 0
  let down = false
  return {
    stored,
    setDown: (value: boolean) => {
      down = value
    },
    write: async (key: string, value: ClaimRecord, expect: number) => {
      if (down) throw new Error('NATS is away')
      if ((stored.get(key)?.revision ?? 0) !== expect) return null
      revision += 1
      stored.set(key, { revision, value })
      return revision
    },
    read: async (key: string) => stored.get(key) ?? null,
  }
}

function start(outcomes: Outcome[], claims = startClaims(), owner = 'me') {
  const clock = { ms: 5_000 }
  const sent: PushRequest[] = []
  const happened: string[] = []
  const forgotten: unknown[] = []
  const state = { looking: false, read: 0 }
  const note = (kind: string) => (_: unknown, detail?: unknown) => {
    happened.push(typeof detail === 'string' ? `${kind} ${detail}` : kind)
  }
  const events: Omit<Events, 'hooked' | 'hooks'> = {
    planned: note('planned'),
    skipped: note('skipped'),
    attempted: (_, outcome) => happened.push(outcome.kind),
    givenUp: note('given up:'),
    forgotten: note('forgotten'),
    unclaimed: note('unclaimed'),
    circuit: (_, open) => happened.push(open ? 'circuit open' : 'circuit closed'),
    taking: () => () => undefined,
  }
  const deliverer = pushDeliverer({
    owner,
    claims,
    isLooking: () => state.looking,
    readSeq: async () => state.read,
    send: async (push) => {
      sent.push(push)
      return outcomes.shift() ?? { kind: 'accepted' }
    },
    forget: async (asked) => {
      forgotten.push(asked)
      return { forgotten: true }
    },
    events,
    now: () => clock.ms,
    random: () => 0,
    settleMs: SETTLE_MS,
    ageMsMax: 86_400_000,
  })
  const deliver = (push = record): Promise<Delivery> => deliverer.deliver(push)
  return { deliver, clock, sent, happened, forgotten, state, claims }
}

const retry = (change: Partial<Extract<Outcome, { kind: 'retry' }>> = {}): Outcome => ({
  kind: 'retry',
  afterMs: 2_000,
  safe: true,
  scope: 'push',
  reason: 'x',
  ...change,
})

test('a push is claimed, sent once, and not again when it comes twice', async () => {
  const { deliver, sent, claims } = start([])
  assert.deepEqual(await deliver(), { kind: 'done' })
  assert.deepEqual(await deliver(), { kind: 'done' })
  assert.equal(sent.length, 1)
  assert.deepEqual([...claims.stored.keys()], ['lobby.7.bob.phone'])
  assert.deepEqual([sent[0]?.event, sent[0]?.title, sent[0]?.attempt], ['lobby:7', 'Lobby', 0])
})

test('what was read meanwhile, or is looked at, is not sent and not claimed', async () => {
  for (const [state, reason] of [[{ read: 7 }, 'already-read'] as const, [{ looking: true }, 'looking'] as const]) {
    const run = start([])
    Object.assign(run.state, state)
    assert.deepEqual(await run.deliver(), { kind: 'done' })
    assert.deepEqual(run.happened, [`given up: ${reason}`])
    assert.deepEqual([run.sent.length, run.claims.stored.size], [0, 0])
  }
})

test('of two notifiers with the same push, one sends it', async () => {
  const claims = startClaims()
  const one = start([], claims, 'one')
  const two = start([], claims, 'two')
  const results = await Promise.all([one.deliver(), two.deliver()])
  assert.equal(one.sent.length + two.sent.length, 1)
  assert.deepEqual(results.map(({ kind }) => kind).sort(), ['again', 'done'])
})

test('a push whose sender died between claim and answer is not sent again, and becomes a dead letter', async () => {
  const claims = startClaims()
  await claims.write('lobby.7.bob.phone', { owner: 'dead', state: 'sending', tries: 0, unknown: 0, at: 4_000 }, 0)
  const run = start([], claims)
  assert.deepEqual(await run.deliver(), { kind: 'again', afterMs: SETTLE_MS - 1_000 })
  run.clock.ms += SETTLE_MS
  assert.deepEqual(await run.deliver(), { kind: 'dead', why: 'abandoned', reason: 'by dead' })
  assert.equal(run.sent.length, 0)
})

test('a safe retry goes again with a higher attempt, also from another notifier', async () => {
  const claims = startClaims()
  const one = start([retry()], claims, 'one')
  assert.deepEqual(await one.deliver(), { kind: 'again', afterMs: 2_000 })
  const two = start([retry({ afterMs: 4_000 })], claims, 'two')
  assert.deepEqual(await two.deliver(), { kind: 'again', afterMs: 4_000 })
  assert.equal(two.sent[0]?.attempt, 1)
  assert.deepEqual(await one.deliver(), { kind: 'done' })
  assert.equal(one.sent[1]?.attempt, 2)
})

test('an attempt without an answer is repeated once, never twice', async () => {
  const { deliver, sent } = start([retry({ safe: false }), retry(), retry({ safe: false })])
  assert.equal((await deliver()).kind, 'again')
  assert.equal((await deliver()).kind, 'again')
  assert.deepEqual(await deliver(), { kind: 'dead', why: 'unknown', reason: 'x' })
  assert.deepEqual(await deliver(), { kind: 'done' })
  assert.equal(sent.length, 3)
})

test('a refused credential holds back all pushes of the provider until one is taken again', async () => {
  const run = start([{ kind: 'credential', reason: 'InvalidProviderToken' }])
  assert.deepEqual(await run.deliver(), { kind: 'again', afterMs: 30_000 })
  assert.deepEqual(await run.deliver(pushOf(8)), { kind: 'again', afterMs: 30_000 })
  assert.equal(run.sent.length, 1)
  run.clock.ms += 30_000
  assert.deepEqual(await run.deliver(), { kind: 'done' })
  assert.deepEqual(await run.deliver(pushOf(8)), { kind: 'done' })
  assert.deepEqual(run.happened, ['credential', 'circuit open', 'accepted', 'circuit closed', 'accepted'])
})

test('a device that asks for quiet gets it, other devices do not wait', async () => {
  const run = start([retry({ scope: 'device', afterMs: 60_000 })])
  assert.equal((await run.deliver()).kind, 'again')
  assert.deepEqual(await run.deliver(pushOf(8)), { kind: 'again', afterMs: 60_000 })
  const tablet = { ...record, device: { ...record.device, device: 'tablet' } }
  assert.deepEqual(await run.deliver(tablet), { kind: 'done' })
})

test('a provider that asks for quiet gets it from all', async () => {
  const run = start([retry({ scope: 'provider', afterMs: 60_000 })])
  assert.equal((await run.deliver()).kind, 'again')
  assert.deepEqual(await run.deliver(pushOf(8)), { kind: 'again', afterMs: 60_000 })
})

test('a device that is gone is forgotten as of the time the provider says', async () => {
  const gone: Outcome = { kind: 'forget-device', reason: 'Unregistered', ifRegisteredBeforeMs: 4_321 }
  const run = start([gone])
  assert.deepEqual(await run.deliver(), { kind: 'done' })
  assert.deepEqual(run.forgotten, [{ user: 'bob', device: 'phone', registered_before: 4_321, reason: 'Unregistered' }])
})

test('a registration that is wrong gets no more pushes, a new one of the same device does', async () => {
  const run = start([{ kind: 'disable-device', reason: 'BadDeviceToken' }])
  assert.deepEqual(await run.deliver(), { kind: 'done' })
  assert.deepEqual(await run.deliver(pushOf(8)), { kind: 'done' })
  assert.equal(run.sent.length, 1)
  const again = { ...pushOf(9), device: { ...record.device, registered_at: 6_000 } }
  assert.deepEqual(await run.deliver(again), { kind: 'done' })
  assert.equal(run.sent.length, 2)
})

test('a push that the provider refuses for good, or that is too old, becomes a dead letter', async () => {
  const run = start([{ kind: 'drop', reason: 'BadTopic' }])
  assert.deepEqual(await run.deliver(), { kind: 'dead', why: 'refused', reason: 'BadTopic' })
  run.clock.ms += 86_400_000
  assert.deepEqual(await run.deliver(pushOf(8)), { kind: 'dead', why: 'too-old', reason: 'after 0 tries' })
})

test('when claims cannot be written, nothing is sent and the push may go as soon as they can', async () => {
  const run = start([])
  run.claims.setDown(true)
  await assert.rejects(run.deliver(), /NATS is away/)
  assert.equal(run.sent.length, 0)
  run.claims.setDown(false)
  assert.deepEqual(await run.deliver(), { kind: 'done' })
})

test('when only giving a claim back fails, this notifier still tries again', async () => {
  const run = start([retry()])
  const { write } = run.claims
  let writes = 0
  run.claims.write = async (...args) => {
    writes += 1
    if (writes === 2) throw new Error('NATS is away')
    return write(...args)
  }
  assert.deepEqual(await run.deliver(), { kind: 'again', afterMs: 2_000 })
  assert.deepEqual(await run.deliver(), { kind: 'done' })
  assert.deepEqual(run.happened, ['retry', 'unclaimed', 'accepted'])
})
