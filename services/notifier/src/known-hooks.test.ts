import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { knownHooks } from './known-hooks.ts'

test('the webhooks of a desk are asked for once in a while, and again at once where there was no answer', async () => {
  const clock = { ms: 0 }
  let asked = 0
  let isAway = true
  const one = { hook: 'h', url: 'https://x.example/', desk: null, events: [], changed_at: 5, secrets: ['s'] }
  const known = knownHooks({
    now: () => clock.ms,
    targets: async () => {
      asked += 1
      return isAway ? refuse('unavailable') : { webhooks: [one] }
    },
  })
  assert.ok(isRefusal(await known.of('d1')))
  isAway = false
  assert.deepEqual(await Promise.all([known.of('d1'), known.of('d1')]), [[one], [one]])
  assert.deepEqual([asked, known.changedAt('h'), known.changedAt('other')], [2, 5, 0])
  clock.ms += MAX.webhookKnownMs - 1
  await known.of('d1')
  assert.equal(asked, 2)
  clock.ms += 1
  await known.of('d1')
  assert.equal(asked, 3)
})
