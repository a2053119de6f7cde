import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ring } from './ring.ts'

const events = (from: number, to: number, size = 10) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => ({ offset: from + i, data: new Uint8Array(size) }))
const offsets = (list: { offset: number }[] | null) => list?.map(({ offset }) => offset) ?? null

test('events after an offset, when they are held, come without holes', () => {
  const ring = new Ring({ eventsMax: 5, bytesMax: 1_000 })
  ring.push(events(1, 7))
  assert.deepEqual(offsets(ring.since(2, 7)), [3, 4, 5, 6, 7])
  assert.deepEqual(offsets(ring.since(6, 7)), [7])
  assert.deepEqual(offsets(ring.since(7, 7)), [])
  assert.equal(ring.since(1, 7), null)
})

test('an empty ring, when the head moved before, knows nothing', () => {
  const ring = new Ring({ eventsMax: 5, bytesMax: 1_000 })
  assert.equal(ring.since(3, 4), null)
  assert.deepEqual(ring.since(4, 4), [])
})

test('older events, when put before the oldest, must be adjacent', () => {
  const ring = new Ring({ eventsMax: 10, bytesMax: 1_000 })
  ring.push(events(10, 12))
  ring.unshift(events(3, 5))
  assert.equal(ring.first, 10)
  ring.unshift(events(5, 9))
  assert.deepEqual(offsets(ring.since(4, 12)), [5, 6, 7, 8, 9, 10, 11, 12])
})

test('any pushes, whatever their sizes, keep within both bounds and answer exactly or not at all', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 60 })), { maxLength: 40 }),
      fc.nat(120),
      (batches, offset) => {
        const ring = new Ring({ eventsMax: 16, bytesMax: 200 })
        let head = 0
        for (const [count, size] of batches) {
          ring.push(events(head + 1, head + count, size))
          head += count
        }
        assert.ok(ring.length <= 16)
        const since = ring.since(offset, head)
        if (since === null) assert.ok(offset < head)
        else assert.deepEqual(offsets(since), offsets(events(offset + 1, head)))
      },
    ),
  )
})
