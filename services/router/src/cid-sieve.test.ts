import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CidSieve } from './cid-sieve.ts'

const key = (i: number) => `user-${i % 20} 01890000-0000-7000-8000-${i.toString(16).padStart(12, '0')}`

test('whatever was added, then it may be there', () => {
  const added = fc.array(fc.string({ minLength: 1 }), { maxLength: 200 })
  fc.assert(
    fc.property(added, (keys) => {
      const sieve = new CidSieve(1_000)
      for (const [seq, each] of keys.entries()) sieve.add(each, { seq, at: seq })
      assert.ok(keys.every((each) => sieve.mayHold(each)))
    }),
  )
})

test('of 400,000 that were never added, next to none is held for one of 200,000 that were', () => {
  const sieve = new CidSieve(1_000_000)
  for (let i = 0; i < 200_000; i += 1) sieve.add(key(i), { seq: i + 1, at: i })
  let wrong = 0
  for (let i = 200_000; i < 400_000; i += 1) for (const each of [key(i), `b ${i}`]) if (sieve.mayHold(each)) wrong += 1
  assert.ok(wrong <= 2, `${wrong} of 400,000`)
  for (let i = 0; i < 200_000; i += 997) assert.ok(sieve.mayHold(key(i)))
})

test('more than it may hold, then the oldest are given up together, and it says how far', () => {
  const sieve = new CidSieve(20_000)
  const passed = Array.from({ length: 40_000 }, (_, i) => sieve.add(key(i), { seq: i + 1, at: 7 * i })).filter(
    (each) => each !== undefined,
  )
  assert.deepEqual(passed[0], { seq: 8_192, at: 7 * 8_191 })
  assert.ok(passed.length >= 1 && passed.length <= 3)
  const upTo = passed.at(-1)?.seq ?? 0
  assert.ok(40_000 - upTo <= 20_000)
  for (let i = upTo; i < 40_000; i += 97) assert.ok(sieve.mayHold(key(i)))
})
