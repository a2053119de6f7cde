import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PageWanted, readPages } from './page-loop.ts'

const work = { rooms: ['a', 'b'], head: 120, limit: 50, atOnce: 3, seconds: 0.05 }

test('pages for a while, then all turns are taken once, within the room, and never more than asked for at a time', async () => {
  const wanted: PageWanted[] = []
  let [reading, most] = [0, 0]
  const { pages, faults } = await readPages(work, async (page) => {
    wanted.push(page)
    reading += 1
    most = Math.max(most, reading)
    await new Promise((resolve) => setImmediate(resolve))
    reading -= 1
    return undefined
  })
  assert.equal(pages, wanted.length)
  assert.equal(most, work.atOnce)
  assert.deepEqual(faults, [])
  assert.equal(new Set(wanted.map(({ turn }) => turn)).size, pages)
  for (const { turn, room, before, limit } of wanted) {
    assert.equal(room, work.rooms[turn % 2])
    assert.ok(before > limit && before <= work.head, `before ${before}`)
  }
})

test('pages that are wrong, then the first few say why and all are counted', async () => {
  const { pages, faults } = await readPages(work, async ({ turn }) => {
    await new Promise((resolve) => setImmediate(resolve))
    return `page ${turn} is short`
  })
  assert.ok(pages > 0)
  assert.equal(faults.length, Math.min(5, pages))
  assert.match(faults[0] ?? '', /^page 0 is short$/)
})
