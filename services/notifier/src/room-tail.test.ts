import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeEntry } from '@switchboard/contracts/entry'
import { MAX } from '@switchboard/contracts/limits'
import { createTail, type TailDoor } from './room-tail.ts'

/** A room whose entry at stream sequence `10 * seq` holds one message. Counts what is read of it. */
function roomOf(...authors: string[]) {
  const written = [...authors]
  const reads: { after: number; entries: number }[] = []
  const door: TailDoor = {
    head: async () => written.length * 10,
    entries: async (_room, { after, upTo, most }) => {
      const all = written.map((from, i) => ({
        logSeq: (i + 1) * 10,
        payload: encodeEntry('room:r', [
          { type: 'message', seq: i + 1, n: i + 1, at: 0, from, cid: `c${i}`, text: 'Hello' },
        ]),
      }))
      const entries = all.filter(({ logSeq }) => logSeq > after && logSeq <= upTo).slice(0, most)
      reads.push({ after, entries: entries.length })
      return entries
    },
  }
  return { tail: createTail(door), say: (from: string) => written.push(from), reads }
}

test('nothing was written after the message, then nothing is read', async () => {
  const { tail, reads } = roomOf('alice')
  assert.equal(await tail.wrote('r', { user: 'bob', after: 10 }), 0)
  assert.deepEqual(reads, [])
})

test('whoever wrote below the message has written, and others have not', async () => {
  const { tail } = roomOf('alice', 'bob', 'alice')
  assert.equal(await tail.wrote('r', { user: 'bob', after: 10 }), 2)
  assert.equal(await tail.wrote('r', { user: 'carol', after: 10 }), 0)
})

test('many pushes of one room, then each entry is read once', async () => {
  const { tail, say, reads } = roomOf('alice', 'alice')
  await tail.wrote('r', { user: 'bob', after: 10 })
  say('bob')
  assert.equal(await tail.wrote('r', { user: 'bob', after: 10 }), 3)
  assert.equal(await tail.wrote('r', { user: 'carol', after: 20 }), 0)
  assert.deepEqual(reads, [
    { after: 10, entries: 1 },
    { after: 20, entries: 1 },
  ])
})

test('a push that comes late is about an earlier entry, then what stands between is read as well', async () => {
  const { tail } = roomOf('alice', 'bob', 'alice', 'alice')
  assert.equal(await tail.wrote('r', { user: 'bob', after: 30 }), 0)
  assert.equal(await tail.wrote('r', { user: 'bob', after: 10 }), 2)
})

test('two looks at the same time, then both see all', async () => {
  const { tail } = roomOf('alice', 'bob', 'carol')
  const both = ['bob', 'carol'].map((user) => tail.wrote('r', { user, after: 10 }))
  assert.deepEqual(await Promise.all(both), [2, 3])
})

test('more was written than is looked through, then the reading is bounded and goes on from a later message', async () => {
  const { tail, say, reads } = roomOf('alice')
  for (let i = 0; i < MAX.pushTailEntries; i += 1) say('alice')
  say('bob')
  assert.equal(await tail.wrote('r', { user: 'bob', after: 10 }), 0)
  assert.equal(reads[0]?.entries, MAX.pushTailEntries)
  assert.equal(await tail.wrote('r', { user: 'bob', after: 20 }), MAX.pushTailEntries + 2)
})
