import assert from 'node:assert/strict'
import test from 'node:test'
import { ensureStreams } from '@switchboard/bus/streams'
import { STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import { HELD, openStage, type Stage } from './stage.ts'

/** NATS has lost its streams and has new, empty ones. */
async function loseTheLog(stage: Stage): Promise<void> {
  const { jsm, names } = stage.bus
  for (const number of STREAM_NUMBERS) await jsm.streams.delete(names.logStream(number))
  await ensureStreams(stage.bus)
}

test('the log is lost and begins anew, then rooms go on from what MongoDB holds', async () => {
  await using stage = await openStage()
  const room = stage.room('n1')
  {
    await using _pod = await stage.start()
    await room.create(['ann', 'bob'])
    await room.sendMany('ann', 50, 1)
    await stage.saved('n1', 51)
  }
  await loseTheLog(stage)
  {
    await using _pod = await stage.start(HELD)
    const loaded = await stage.answer('room.load', { room: 'n1' })
    assert.deepEqual([loaded.head, loaded.n, loaded.log_seq, loaded.incarnation], [51, 50, 0, null])
    room.logSeq = loaded.log_seq
    await room.send('bob', 'first of the new log')
    await room.send('bob', 'second')
    // Sequences of the new stream are below the stored position, which is of the old one.
    const again = await stage.answer('room.load', { room: 'n1' })
    assert.deepEqual([again.head, again.n, again.log_seq], [53, 52, room.logSeq])
    const { events, head } = await stage.answer('room.history', { room: 'n1', user: 'bob', limit: 3 })
    assert.deepEqual([events.map(({ seq }) => seq), head], [[51, 52, 53], 53])
  }
  await using _pod = await stage.start()
  await stage.saved('n1', 53)
  await room.sendMany('ann', 5, 1)
  await stage.saved('n1', 58)
  const stored = await stage.collections.events.find({ room: 'n1' }).toArray()
  assert.equal(stored.length, 58)
})
