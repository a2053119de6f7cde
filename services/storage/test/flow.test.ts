import assert from 'node:assert/strict'
import test from 'node:test'
import { openStage } from './stage.ts'

test('a thousand messages in the log, then MongoDB holds each once, in order', async () => {
  await using stage = await openStage()
  await using _pod = await stage.start()
  const room = stage.room('r1')
  await room.create(['ann', 'bob'], { title: 'First' })
  await room.sendMany('ann', 1_000, 7)
  await stage.saved('r1', 1_001)
  const events = await stage.collections.events.find({ room: 'r1' }).sort({ seq: 1 }).toArray()
  assert.deepEqual(
    events.map(({ seq, n, text }) => [seq, n, text]),
    room.events.map((event) => [event.seq, event.n, event.type === 'message' ? event.text : undefined]),
  )
  const stored = await stage.collections.rooms.findOne({ _id: 'r1' })
  assert.partialDeepStrictEqual(stored, { kind: 'group', title: 'First', head: 1_001, n: 1_000, members: 2 })
  assert.equal(stored?.log_seq, room.logSeq)
})
