import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { decodeJson, encodeJson } from '@switchboard/bus/core'
import type { DeadRecord } from '@switchboard/contracts/records'
import { openStage, type Stage, until } from './stage.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage[Symbol.asyncDispose]())

const storedEvents = (room: string) => stage.collections.events.find({ room }).sort({ seq: 1 }).toArray()

test('a thousand messages in the log, then MongoDB holds each once, in order', async () => {
  await using _pod = await stage.start()
  const room = stage.room('r1')
  await room.create(['ann', 'bob'], { title: 'First' })
  await room.sendMany('ann', 1_000, 7)
  await stage.saved('r1', 1_001)
  const events = await storedEvents('r1')
  assert.deepEqual(
    events.map(({ seq, n, text }) => [seq, n, text]),
    room.events.map((event) => [event.seq, event.n, event.type === 'message' ? event.text : undefined]),
  )
  const stored = await stage.collections.rooms.findOne({ _id: 'r1' })
  const { kind, title, head, n, members, log_seq } = stored ?? {}
  assert.deepEqual([kind, title, head, n, members, log_seq], ['group', 'First', 1_001, 1_000, 2, room.logSeq])
})

test('the pod stops and another starts in the middle, then nothing is missing and nothing is twice', async () => {
  const room = stage.room('r2')
  {
    await using _first = await stage.start()
    await room.create(['ann', 'bob'])
    await room.sendMany('ann', 100)
  }
  // Stopping saved what was read; what came after waits for the next pod.
  const between = (await storedEvents('r2')).length
  await room.sendMany('bob', 100)
  assert.equal((await storedEvents('r2')).length, between)
  await using _second = await stage.start()
  await room.sendMany('ann', 100)
  await stage.saved('r2', 301)
  assert.deepEqual(
    (await storedEvents('r2')).map(({ seq }) => seq),
    room.events.map(({ seq }) => seq),
  )
})

test('several pods come and go under load, then each room is whole', async () => {
  const rooms = Array.from({ length: 8 }, (_, i) => stage.room(`many-${i}`))
  for (const room of rooms) await room.create(['ann', 'bob'])
  const writing = Promise.all(rooms.map((room) => room.sendMany('ann', 150, 3)))
  await using pods = new AsyncDisposableStack()
  pods.use(await stage.start())
  const second = await stage.start()
  const third = pods.use(await stage.start())
  await second[Symbol.asyncDispose]()
  await writing
  for (const room of rooms) await stage.saved(room.id, 151)
  for (const room of rooms) {
    const events = await storedEvents(room.id)
    assert.deepEqual(
      events.map(({ seq }) => seq),
      room.events.map(({ seq }) => seq),
    )
  }
  assert.deepEqual(third.crashed, [])
})

test('a message is edited, reacted to and deleted, then its document and the room list show it', async () => {
  await using _pod = await stage.start()
  const room = stage.room('r3')
  await room.create(['ann', 'bob'])
  await room.send('ann', 'one', 'two')
  await room.commit({ type: 'message.edited', from: 'ann', target: 2, text: 'uno' })
  await room.commit({ type: 'message.reacted', from: 'bob', target: 2, emoji: '.$👍', on: true })
  await room.commit({ type: 'message.reacted', from: 'ann', target: 2, emoji: '.$👍', on: true })
  await room.commit({ type: 'message.reacted', from: 'bob', target: 2, emoji: '.$👍', on: false })
  await room.commit({ type: 'message.edited', from: 'ann', target: 3, text: 'secret' })
  await room.commit({ type: 'message.deleted', from: 'ann', target: 3 })
  await stage.saved('r3', 9)
  const { events } = await stage.answer('room.history', { room: 'r3', user: 'bob' })
  const [, edited, deleted] = events as Record<string, unknown>[]
  assert.deepEqual([edited?.text, edited?.edited, edited?.reactions], ['uno', room.events[3]?.at, { '.$👍': ['ann'] }])
  assert.deepEqual([deleted?.deleted, deleted?.text, deleted?.edited], [true, undefined, undefined])
  assert.ok(!JSON.stringify(await storedEvents('r3')).includes('secret'))
  const stored = await stage.collections.rooms.findOne({ _id: 'r3' })
  assert.deepEqual([stored?.last?.seq, stored?.last?.text], [3, ''])
})

test('a record that is no entry, then it lies in dead and the ones behind it are stored', async () => {
  await using _pod = await stage.start()
  const room = stage.room('r4')
  await room.create(['ann', 'bob'])
  const bad = await stage.bus.js.publish(stage.bus.names.log('room', 'r4'), encodeJson({ not: 'an entry' }))
  room.logSeq = bad.seq
  await room.send('ann', 'after it')
  await stage.saved('r4', 2)
  const dead = await stage.bus.jsm.streams.getMessage(stage.bus.names.deadStream, {
    last_by_subj: stage.bus.names.dead('storage'),
  })
  assert.ok(dead)
  const { channel, subject, stream_seq, payload } = decodeJson<DeadRecord>(dead.data)
  assert.deepEqual([channel, subject, stream_seq], ['log', stage.bus.names.log('room', 'r4'), bad.seq])
  assert.equal(Buffer.from(payload, 'base64').toString(), '{"not":"an entry"}')
})

test('read marks, then the member has the furthest one, and a mark never moves back', async () => {
  const room = stage.room('r5')
  await room.create(['ann', 'bob'])
  await room.send('ann', 'a', 'b', 'c')
  await room.mark('bob', 3)
  {
    await using _pod = await stage.start()
    await until(async () => (await memberOf('r5', 'bob'))?.read === 3, 'the mark is stored')
    await stage.saved('r5', 4)
    assert.deepEqual((await memberOf('r5', 'bob'))?.read_n, 2)
    assert.deepEqual([(await memberOf('r5', 'ann'))?.read, (await memberOf('r5', 'ann'))?.read_n], [4, 3])
  }
  await room.mark('bob', 1)
  await room.mark('ann', 2)
  await using _pod = await stage.start()
  await room.mark('bob', 4)
  await until(async () => (await memberOf('r5', 'bob'))?.read === 4, 'the next mark is stored')
  assert.equal((await memberOf('r5', 'ann'))?.read, 4)
})

const memberOf = (room: string, user: string) => stage.collections.members.findOne({ _id: `${room}:${user}` })
