import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { InHand } from './in-hand.ts'

const RECORD = 1_024
/** Room for ten records without a byte of their own. */
const BYTES_MAX = 10 * RECORD

function watched(waiting: Promise<void> | undefined) {
  assert.ok(waiting, 'there is room')
  const state = { goesOn: false }
  void waiting.then(() => {
    state.goesOn = true
  })
  return state
}

test('as many as there is room for, then all wait until half of it is free', async () => {
  const hand = new InHand(BYTES_MAX)
  const [one, other] = [hand.share(), hand.share()]
  const finish = Array.from({ length: 9 }, (_, i) => (i % 2 ? one : other).take(0))
  assert.equal(one.room(), undefined)
  finish.push(other.take(0))
  const readers = [watched(one.room()), watched(other.room())]
  for (const each of finish.slice(0, 4)) each()
  await turn()
  assert.deepEqual(readers, [{ goesOn: false }, { goesOn: false }])
  finish[4]?.()
  await turn()
  assert.deepEqual(readers, [{ goesOn: true }, { goesOn: true }])
  assert.equal(one.room(), undefined)
  for (const each of finish.slice(5)) each()
  assert.equal(hand.bytes, 0)
})

test('few large records, then they count by their bytes', () => {
  const hand = new InHand(BYTES_MAX)
  const share = hand.share()
  share.take(BYTES_MAX / 2)
  assert.equal(share.room(), undefined)
  share.take(BYTES_MAX / 2)
  assert.ok(share.room())
})

test('a reader goes, then what it had is free, it waits no more, and what it finishes later counts nothing', async () => {
  const hand = new InHand(BYTES_MAX)
  const [gone, stays] = [hand.share(), hand.share()]
  const late = Array.from({ length: 6 }, () => gone.take(0))
  const kept = Array.from({ length: 4 }, () => stays.take(0))
  const readers = [watched(gone.room()), watched(stays.room())]
  gone.end()
  gone.end()
  await turn()
  assert.deepEqual(readers, [{ goesOn: true }, { goesOn: true }])
  assert.equal(hand.bytes, 4 * RECORD)
  for (const each of late) each()
  for (const each of kept) each()
  assert.equal(hand.bytes, 0)
  assert.equal(gone.room(), undefined)
})
