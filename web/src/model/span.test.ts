import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { afterNews, around, grownDown, grownUp, SPAN_MAX, sliceOf, wholeEnd } from './span.ts'

const items = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ seq: first + 2 * index }))

test('a span, however one scrolls while events come, then it is bounded, dense and reaches both ends', () => {
  const move = fc.constantFrom('up', 'down', 'news at the end', 'news above it', 'older')
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), fc.array(move, { maxLength: 60 }), (count, moves) => {
      let all = items(10_000, count)
      let span = wholeEnd(all)
      for (const what of moves) {
        if (what === 'older') all = [...items((all[0]?.seq ?? 0) - 100, 50), ...all]
        if (what.startsWith('news')) {
          all = [...all, ...items((all.at(-1)?.seq ?? 0) + 2, 30)]
          span = afterNews(all, span, what === 'news at the end')
        }
        if (what === 'up') span = grownUp(all, span) ?? span
        if (what === 'down') span = grownDown(all, span) ?? span
        const shown = sliceOf(all, span)
        assert.ok(shown.length > 0 && shown.length <= SPAN_MAX)
        const begin = all.indexOf(shown[0] ?? { seq: -1 })
        assert.deepEqual(shown, all.slice(begin, begin + shown.length))
      }
      for (let next = grownDown(all, span); next; next = grownDown(all, span)) span = next
      assert.equal(sliceOf(all, span).at(-1), all.at(-1))
      for (let next = grownUp(all, span); next; next = grownUp(all, span)) span = next
      assert.equal(sliceOf(all, span)[0], all[0])
    }),
  )
})

test('a room with unread messages, when opened, then the first of them is in the page', () => {
  const all = items(1, 1_000)
  const shown = sliceOf(all, around(all, 501))
  assert.ok(shown.some(({ seq }) => seq === 503) && shown.some(({ seq }) => seq < 501))
  assert.equal(sliceOf(all, around(all, 5_000)).at(-1), all.at(-1))
})
