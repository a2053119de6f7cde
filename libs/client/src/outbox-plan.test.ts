import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cidSource } from './cid.ts'
import { afterFailure, plan, RETRY, type Waiting } from './outbox-plan.ts'

const waiting: fc.Arbitrary<Waiting> = fc.record({
  entry: fc.record({
    cid: fc.uuid({ version: 7 }),
    room: fc.constantFrom('a', 'b', 'c'),
    text: fc.constant('x'),
    at: fc.constant(0),
  }),
  attempts: fc.nat(40),
  inFlight: fc.boolean(),
  dueAt: fc.nat(100),
})

test('the plan, for any outbox, then it sends at most the oldest of each room, when it is due', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(waiting, { selector: ({ entry }) => entry.cid, maxLength: 30 }),
      fc.nat(100),
      (all, now) => {
        const { send, lookAt } = plan(all, now)
        assert.equal(new Set(send.map(({ entry }) => entry.room)).size, send.length)
        for (const one of send) {
          assert.ok(!one.inFlight && one.dueAt <= now)
          const older = all.filter(({ entry }) => entry.room === one.entry.room && entry.cid < one.entry.cid)
          assert.deepEqual(older, [], 'nothing overtakes')
        }
        // Nobody is forgotten: what is neither sent, nor in flight, nor behind another one has a time to be looked at.
        for (const one of all) {
          const first = all.every(({ entry }) => entry.room !== one.entry.room || entry.cid >= one.entry.cid)
          if (first && !one.inFlight && one.dueAt > now) assert.ok(lookAt !== null && lookAt <= one.dueAt)
          if (first && !one.inFlight && one.dueAt <= now) assert.ok(send.includes(one))
        }
      },
    ),
  )
})

test('a failure that may be retried, then the same cid waits within its bound; another one ends it', () => {
  fc.assert(
    fc.property(waiting, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (one, random) => {
      const retry = afterFailure(one, { code: 'timeout', message: '', retry: true }, { now: 1_000, random })
      assert.equal(retry.entry, one.entry)
      assert.ok(retry.dueAt >= 1_000 && retry.dueAt < 1_000 + RETRY.longestMs)
      const final = afterFailure(one, { code: 'not_a_member', message: 'no', retry: false }, { now: 1_000, random })
      assert.equal(final.entry.failure?.code, 'not_a_member')
      assert.deepEqual(plan([final], 1e9).send, [])
      const expired = afterFailure(one, { code: 'token_expired', message: '', retry: false }, { now: 1_000, random })
      assert.equal(expired.entry.failure, undefined)
    }),
  )
})

test('a refused message, when others wait behind it in its room, then they are sent', () => {
  const entry = (cid: string) => ({ cid, room: 'a', text: 'x', at: 0 })
  const fresh = (cid: string): Waiting => ({ entry: entry(cid), attempts: 0, inFlight: false, dueAt: 0 })
  const refused = afterFailure(fresh('1'), { code: 'too_large', message: '', retry: false }, { now: 0, random: 0 })
  assert.deepEqual(
    plan([refused, fresh('2'), fresh('3')], 0).send.map((one) => one.entry.cid),
    ['2'],
  )
})

test('cids, whatever the clock does, then they are version 7, unique and increasing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_005 }), { minLength: 2, maxLength: 200 }),
      (times) => {
        let index = 0
        const next = cidSource({
          now: () => times[index++] ?? 0,
          bytes: () => new Uint8Array([255, 1, 2, 3, 4, 5, 6, 7]),
        })
        const cids = times.map(next)
        for (const cid of cids)
          assert.match(cid, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        assert.deepEqual(cids, [...new Set(cids)].sort())
      },
    ),
  )
})

test('5,000 cids in one millisecond, then they still increase', () => {
  const next = cidSource({ now: () => 1_700_000_000_000, bytes: (count) => new Uint8Array(count) })
  const cids = Array.from({ length: 5_000 }, next)
  assert.deepEqual(cids, [...new Set(cids)].sort())
})
