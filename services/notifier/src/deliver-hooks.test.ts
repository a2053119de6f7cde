import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { HookRecord } from '@switchboard/contracts/records'
import type { WebhookTarget } from '@switchboard/contracts/webhook-queries'
import type { ClaimRecord } from './claims.ts'
import { hookDeliverer } from './deliver-hooks.ts'
import type { Outcome } from './outcome.ts'
import { deliveryId } from './plan-hooks.ts'
import type { HookRequest } from './to-webhooks.ts'

const SETTLE_MS = 100_000
const recordOf = (seq: number, hook = 'h'): HookRecord => ({
  ...{ hook, desk: 'd1', type: 'message', event: `r:${seq}`, at: 5_000, due_at: 5_000, body: `{"seq":${seq}}` },
})
const unseen = { room: 'r', seq: 4, log_seq: 1, user: 'vera' }
const fails = (safe = true): Outcome => ({ kind: 'retry', afterMs: 2_000, safe, scope: 'push', reason: 'status 500' })

function start(outcomes: Outcome[]) {
  const clock = { ms: 5_000 }
  const targets = new Map<string, WebhookTarget>()
  for (const hook of ['h', 'other']) {
    const target = { hook, url: `https://${hook}.example/`, desk: null, events: [], changed_at: 1, secrets: ['one'] }
    targets.set(hook, target)
  }
  const state = { looking: false, read: 0, away: false }
  const sent: HookRequest[] = []
  const happened: string[] = []
  const stored = new Map<string, { revision: number; value: ClaimRecord }>()
  const deliverer = hookDeliverer({
    owner: 'me',
    claims: {
      write: async (key, value, expect) => {
        if ((stored.get(key)?.revision ?? 0) !== expect) return null
        stored.set(key, { revision: expect + 1, value })
        return expect + 1
      },
      read: async (key) => stored.get(key) ?? null,
    },
    known: {
      of: async () => (state.away ? refuse('unavailable') : [...targets.values()]),
      changedAt: (hook) => targets.get(hook)?.changed_at ?? 0,
    },
    isLooking: () => state.looking,
    readSeq: async () => state.read,
    send: async (hook) => {
      sent.push(hook)
      return outcomes.shift() ?? { kind: 'accepted' }
    },
    events: {
      attempted: (_, { kind }) => happened.push(kind),
      givenUp: (_, reason) => happened.push(`given up: ${reason}`),
      circuit: (hook, open) => happened.push(`${hook} ${open ? 'held' : 'free'}`),
      unclaimed: () => happened.push('unclaimed'),
    },
    now: () => clock.ms,
    random: () => 0,
    settleMs: SETTLE_MS,
    ageMsMax: 86_400_000,
  })
  return { deliver: (record: HookRecord) => deliverer.deliver(record), clock, targets, state, sent, happened, stored }
}

test('a delivery goes out with the address and the secret of now, and the same id at every try', async () => {
  const run = start([fails(false), fails(false), fails(false)])
  const record = recordOf(1)
  for (let i = 0; i < 3; i += 1) assert.equal((await run.deliver(record)).kind, 'again', 'without an answer, again')
  run.targets.set('h', {
    ...(run.targets.get('h') as WebhookTarget),
    url: 'https://new.example/',
    secrets: ['two', 'one'],
  })
  assert.deepEqual(await run.deliver(record), { kind: 'done' })
  assert.deepEqual(await run.deliver(record), { kind: 'done' })
  assert.deepEqual(
    run.sent.map(({ url, secrets, attempt }) => [url, secrets.join(), attempt]),
    [...[0, 1, 2].map((attempt) => ['https://h.example/', 'one', attempt]), ['https://new.example/', 'two,one', 3]],
  )
  assert.deepEqual(new Set(run.sent.map(({ id }) => id)), new Set([deliveryId(record)]))
})

test('a delivery whose sender died, then somebody else sends it: it is known again by its id', async () => {
  const run = start([])
  const key = `hook.${deliveryId(recordOf(1))}`
  run.stored.set(key, { revision: 1, value: { owner: 'dead', state: 'sending', tries: 1, unknown: 0, at: 5_000 } })
  assert.equal((await run.deliver(recordOf(1))).kind, 'again', 'it may still be at it')
  run.clock.ms += SETTLE_MS
  assert.deepEqual(await run.deliver(recordOf(1)), { kind: 'done' })
  assert.equal(run.sent.length, 1)
})

test('a webhook that is taken away, or says that it is gone, is sent nothing; changed, it is tried again', async () => {
  const run = start([{ kind: 'disable-device', reason: 'status 410' }])
  assert.deepEqual(await run.deliver(recordOf(1)), { kind: 'done' })
  assert.deepEqual(await run.deliver(recordOf(2)), { kind: 'done' })
  assert.equal(run.sent.length, 1)
  run.targets.set('h', { ...(run.targets.get('h') as WebhookTarget), changed_at: 2 })
  assert.deepEqual(await run.deliver(recordOf(3)), { kind: 'done' })
  assert.equal(run.sent.length, 2)
  run.targets.delete('h')
  assert.deepEqual(await run.deliver(recordOf(4)), { kind: 'done' })
  assert.equal(run.sent.length, 2)
})

test('an answer that its visitor has seen, or looks at, is not told; while nobody can tell, it waits', async () => {
  const run = start([])
  run.state.away = true
  assert.equal((await run.deliver({ ...recordOf(1), unseen })).kind, 'again')
  run.state.away = false
  run.state.looking = true
  await run.deliver({ ...recordOf(1), unseen })
  run.state.looking = false
  run.state.read = 4
  await run.deliver({ ...recordOf(2), unseen })
  assert.deepEqual(run.happened, ['given up: looking', 'given up: already-read'])
  run.state.read = 3
  await run.deliver({ ...recordOf(3), unseen })
  assert.equal(run.sent.length, 1)
})

test('a webhook that is unwell is held back, others are not; too many wait, then the next is a dead letter', async () => {
  const run = start([{ kind: 'credential', reason: 'status 500' }])
  assert.equal((await run.deliver(recordOf(1))).kind, 'again')
  for (let seq = 2; seq <= MAX.webhookWaiting; seq += 1) assert.equal((await run.deliver(recordOf(seq))).kind, 'again')
  const dead = await run.deliver(recordOf(MAX.webhookWaiting + 1))
  assert.ok(dead.kind === 'dead' && dead.why === 'crowded')
  assert.equal(run.sent.length, 1)
  assert.deepEqual(await run.deliver(recordOf(1, 'other')), { kind: 'done' })
  run.clock.ms += 30_000
  assert.deepEqual(await run.deliver(recordOf(1)), { kind: 'done' })
  assert.deepEqual(await run.deliver(recordOf(2)), { kind: 'done' })
  assert.deepEqual(run.happened.slice(0, 3), ['credential', 'h held', 'given up: crowded'])
  assert.ok(run.happened.includes('h free'))
})
