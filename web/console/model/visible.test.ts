import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scrollTo, visible } from './visible.ts'

const px = fc.integer({ min: 0, max: 100_000 })

test('any list scrolled anywhere, then every row that is seen is in the page, and few others are', () => {
  const scrolled = fc.record({
    count: fc.nat(5_000),
    rowPx: fc.integer({ min: 20, max: 100 }),
    topPx: px,
    heightPx: fc.integer({ min: 50, max: 2_000 }),
  })
  fc.assert(
    fc.property(scrolled, (list) => {
      const { from, to, offsetPx } = visible(list)
      assert.equal(offsetPx, from * list.rowPx)
      assert.ok(0 <= from && from <= to && to <= list.count)
      assert.ok(to - from <= list.heightPx / list.rowPx + 18)
      const seen = Math.min(list.count - 1, Math.floor(list.topPx / list.rowPx))
      if (list.count > 0 && list.topPx < list.count * list.rowPx) assert.ok(from <= seen && seen < to)
    }),
  )
})

test('a row that is chosen, then the list scrolls no further than to show it whole', () => {
  const list = { count: 100, rowPx: 60, topPx: 600, heightPx: 300 }
  assert.equal(scrollTo(10, list), null)
  assert.equal(scrollTo(14, list), null)
  assert.equal(scrollTo(9, list), 540)
  assert.equal(scrollTo(15, list), 660)
})
