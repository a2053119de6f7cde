import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { askPartition, askRouter } from '@switchboard/bus/ask'
import { encodeJson, flush, publish, subscribe, toHeaders } from '@switchboard/bus/core'
import { holdLease } from '@switchboard/bus/lease'
import { readHead, readTail } from '@switchboard/bus/log'
import { encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import { isRefusal } from '@switchboard/contracts/errors'
import type { PresenceRecord } from '@switchboard/contracts/records'
import { within } from '@switchboard/runtime/deadline'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { create, type Fixture, logOf, roomName, routerFixture, say } from './router-fixture.ts'

let servers: Servers
let fixture: Fixture
before(async () => {
  servers = await startServers({ natsOnly: true })
  fixture = await routerFixture(servers)
  await fixture.router()
})
after(async () => {
  await fixture[Symbol.asyncDispose]()
  await servers[Symbol.asyncDispose]()
})

test('a new room, then messages are numbered on from its creation and every member is told', async () => {
  const room = roomName()
  assert.deepEqual(await create(fixture, room, ['bob', 'carol']), { room, seq: 1 })
  const first = (await say(fixture, room, { cid: 'm1', text: 'hello' })) as { seq: number; at: number }
  assert.equal(first.seq, 2)
  assert.ok(first.at > 0)
  const events = await logOf(fixture.bus, 'room', room)
  assert.deepEqual(
    events.map(({ type, seq, n }) => [type, seq, n]),
    [
      ['room.created', 1, 0],
      ['message', 2, 1],
    ],
  )
  for (const user of ['alice', 'bob', 'carol']) {
    const told = await fixture.userEvents(user, 1)
    assert.ok(told.some((event) => event.type === 'room.added' && event.room === room && event.room_seq === 1))
  }
})

test('the same cid again, then the first answer; with another text, then cid_conflict; nothing is added', async () => {
  const room = roomName()
  await create(fixture, room)
  const first = await say(fixture, room, { cid: 'same', text: 'once' })
  assert.deepEqual(await say(fixture, room, { cid: 'same', text: 'once' }), first)
  const other = await say(fixture, room, { cid: 'same', text: 'twice' })
  assert.ok(isRefusal(other) && other.code === 'cid_conflict' && other.field === 'cid')
  // The same cid of somebody else is another command.
  assert.equal(((await say(fixture, room, { from: 'bob', cid: 'same', text: 'once' })) as { seq: number }).seq, 3)
  assert.equal((await logOf(fixture.bus, 'room', room)).length, 3)
})

test('what is not allowed, then a coded refusal and no event', async () => {
  const room = roomName()
  await create(fixture, room)
  const foreign = await say(fixture, room, { from: 'mallory', cid: 'x', text: 'let me in' })
  assert.ok(isRefusal(foreign) && foreign.code === 'not_a_member')
  const nowhere = await say(fixture, roomName(), { cid: 'x', text: 'anybody?' })
  assert.ok(isRefusal(nowhere) && nowhere.code === 'not_a_member')
  const join = await fixture.send(room, { method: 'room.join', from: 'mallory', cid: 'j', body: {} })
  assert.ok(isRefusal(join) && join.code === 'not_a_member')
  const add = await fixture.send(room, { method: 'room.add', from: 'bob', cid: 'a', body: { user: 'mallory' } })
  assert.ok(isRefusal(add) && add.code === 'permission_denied')
  const edit = await fixture.send(room, {
    method: 'message.edit',
    from: 'bob',
    cid: 'e',
    body: { seq: 1, text: 'no message' },
  })
  assert.ok(isRefusal(edit) && edit.code === 'not_found' && edit.field === 'seq')
  assert.equal((await logOf(fixture.bus, 'room', room)).length, 1)
})

test('many at once into one room, then fewer entries than events, dense, and each sender in its order', async () => {
  const room = roomName()
  await create(fixture, room)
  const senders = ['alice', 'bob']
  const sends = Array.from({ length: 600 }, (_, i) =>
    say(fixture, room, { from: senders[i % 2] ?? '', cid: `c${i}`, text: `${i}` }),
  )
  const answers = (await Promise.all(sends)) as { seq: number }[]
  assert.equal(new Set(answers.map(({ seq }) => seq)).size, 600)
  const events = await logOf(fixture.bus, 'room', room)
  assert.deepEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: 601 }, (_, i) => i + 1),
  )
  for (const sender of senders) {
    const texts = events.flatMap((event) =>
      event.type === 'message' && event.from === sender ? [Number(event.text)] : [],
    )
    assert.deepEqual(
      texts,
      [...texts].sort((a, b) => a - b),
    )
  }
  const head = await readHead(fixture.bus, 'room', room)
  const entries = await readTail(fixture.bus, { kind: 'room', id: room }, { after: 0, upTo: head?.logSeq ?? 0 })
  assert.ok(entries.length < 300, `${entries.length} entries for 601 events`)
})

test('a read mark, then unread is a subtraction, it never moves back, and one’s own message moves it', async () => {
  const room = roomName()
  await create(fixture, room)
  for (let i = 1; i <= 5; i += 1) await say(fixture, room, { cid: `m${i}`, text: `${i}` })
  const mark = (seq: number) => fixture.send(room, { method: 'mark.read', from: 'bob', cid: '-', body: { seq } })
  assert.deepEqual(await mark(4), { read: 4, unread: 2 })
  assert.deepEqual(await mark(2), { read: 4, unread: 2 })
  await say(fixture, room, { from: 'bob', cid: 'b1', text: 'mine' })
  assert.deepEqual(await mark(1), { read: 7, unread: 0 })
  const beyond = await mark(100)
  assert.ok(isRefusal(beyond) && beyond.field === 'seq')
})

test('another router wrote first, then the fenced one gives up, reads again, and loses nothing', async () => {
  const room = roomName()
  await create(fixture, room)
  const head = await readHead(fixture.bus, 'room', room)
  const foreign = {
    type: 'message' as const,
    seq: 2,
    n: 1,
    at: 1,
    from: 'bob',
    cid: 'foreign',
    text: 'from the other router',
  }
  const input = head?.input ?? { incarnation: 'x', input: 0, floor: 0 }
  const headers = toHeaders({
    [HEADER.entry]: formatRange({ first: 2, last: 2, n: 1, epoch: head?.range.epoch ?? 'x' }),
    [HEADER.input]: formatInput(input),
  })
  await fixture.bus.js.publish(fixture.bus.names.log('room', room), encodeEntry(`room:${room}`, [foreign]), { headers })
  const answer = (await say(fixture, room, { cid: 'after', text: 'still here' })) as { seq: number }
  assert.equal(answer.seq, 3)
  const texts = (await logOf(fixture.bus, 'room', room)).flatMap((event) =>
    event.type === 'message' ? [event.text] : [],
  )
  assert.deepEqual(texts, ['from the other router', 'still here'])
})

test('a command that no router can decide, then it is buried, its sender told, and the room goes on', async () => {
  const room = roomName()
  await create(fixture, room)
  const dead = Promise.withResolvers<string>()
  const graves = subscribe(fixture.bus, fixture.bus.names.deadAll, (message) => dead.resolve(message.string()))
  await flush(fixture.bus)
  // Past the edge's validation: `members` is no list, so that the decision itself throws.
  const body = { kind: 'group', members: 7 } as never
  const [refused, said] = await Promise.all([
    fixture.send(`g-${randomUUID().slice(0, 12)}`, { method: 'room.create', from: 'alice', cid: 'bad', body }),
    say(fixture, room, { cid: 'good', text: 'meanwhile' }),
  ])
  assert.ok(isRefusal(refused) && refused.code === 'internal')
  assert.equal((said as { seq: number }).seq, 2)
  assert.match(await within(5_000, dead.promise, 'the dead letter'), /"channel":"commands"/)
  graves.unsubscribe()
})

test('commands before there is a router, then the first one decides them, and a second start repeats nothing', async () => {
  await using f = await routerFixture(servers)
  const room = roomName()
  const created = create(f, room)
  const first = await f.router()
  assert.deepEqual(await created, { room, seq: 1 })
  await say(f, room, { cid: 'one', text: 'one' })
  await first[Symbol.asyncDispose]()
  await f.router()
  assert.equal(((await say(f, room, { cid: 'one', text: 'one' })) as { seq: number }).seq, 2)
  assert.equal(((await say(f, room, { cid: 'two', text: 'two' })) as { seq: number }).seq, 3)
  assert.equal((await logOf(f.bus, 'room', room)).length, 3)
  assert.equal((await f.userEvents('bob', 1)).length, 1)
})

test('one of two routers stops in the middle of traffic, then every message is there once', async () => {
  await using f = await routerFixture(servers)
  const leaving = await f.router()
  await f.router()
  const rooms = Array.from({ length: 12 }, roomName)
  await Promise.all(rooms.map((room) => create(f, room)))
  const sends = rooms.flatMap((room) =>
    Array.from({ length: 40 }, (_, i) => () => say(f, room, { cid: `c${i}`, text: `${i}` })),
  )
  const half = sends.slice(0, sends.length / 2).map((send) => send())
  const stopping = leaving[Symbol.asyncDispose]()
  const rest = sends.slice(sends.length / 2).map((send) => send())
  const answers = await Promise.all([...half, ...rest])
  await stopping
  assert.deepEqual(answers.filter(isRefusal), [])
  for (const room of rooms) {
    const events = await logOf(f.bus, 'room', room)
    assert.deepEqual(
      events.map(({ seq }) => seq),
      Array.from({ length: 41 }, (_, i) => i + 1),
    )
  }
})

test('an edge says who is there and dies, then they are offline after the grace, and the room is told', async () => {
  await using f = await routerFixture(servers)
  await f.router({ graceMs: 500 })
  const room = roomName()
  await create(f, room)
  const lease = await holdLease(f.bus, { key: 'edge.e1', value: {}, ttlMs: 3_000 })
  const record: PresenceRecord = { edge: 'e1', whole: true, users: [['bob', 2, 1]] }
  const told = { online: Promise.withResolvers<void>(), offline: Promise.withResolvers<void>() }
  subscribe(f.bus, f.bus.names.live('room', room), (message) => {
    const text = new TextDecoder().decode(message.data)
    if (text.includes('"online":["bob"]')) told.online.resolve()
    if (text.includes('"offline":["bob"]')) told.offline.resolve()
  })
  await flush(f.bus)
  const none = await askPartition(f.bus, room, 'room.online', { room, user: 'alice' })
  assert.deepEqual(none, { online: [], count: 0, sockets: 0 })
  publish(f.bus, f.bus.names.presence('e1'), encodeJson(record))
  await within(5_000, told.online.promise, 'the word that bob is online')
  assert.deepEqual(await askPartition(f.bus, room, 'room.online', { room, user: 'alice' }), {
    online: ['bob'],
    count: 1,
    sockets: 2,
  })
  const foreign = await askPartition(f.bus, room, 'room.online', { room, user: 'mallory' })
  assert.ok(isRefusal(foreign) && foreign.code === 'not_a_member')
  await lease[Symbol.asyncDispose]()
  await within(10_000, told.offline.promise, 'the word that bob is offline')
  const answer = await askRouter(f.bus, 'presence.get', { users: ['bob'] })
  assert.ok(!isRefusal(answer))
  assert.equal(answer.users[0]?.online, false)
  assert.ok((answer.users[0]?.last_seen ?? 0) > 0)
})

test('an edge whose lease ran out and is taken anew, then it is asked, and its people are online again', async () => {
  await using f = await routerFixture(servers)
  await f.router({ graceMs: 0 })
  const room = roomName()
  await create(f, room)
  const word = { bob: Promise.withResolvers<string>() }
  subscribe(f.bus, f.bus.names.live('room', room), (message) => {
    const text = new TextDecoder().decode(message.data)
    for (const line of ['online', 'offline']) if (text.includes(`"${line}":["bob"]`)) word.bob.resolve(line)
  })
  // It answers when it is asked, and says nothing by itself.
  subscribe(f.bus, f.bus.names.presenceAsk, () =>
    publish(f.bus, f.bus.names.presence('e2'), encodeJson({ edge: 'e2', whole: true, users: [['bob', 1, 1]] })),
  )
  await flush(f.bus)
  await askPartition(f.bus, room, 'room.online', { room, user: 'alice' })
  for (const _ of ['first', 'anew']) {
    const lease = await holdLease(f.bus, { key: 'edge.e2', value: {}, ttlMs: 3_000 })
    assert.equal(await within(10_000, word.bob.promise, 'the word that bob is online'), 'online')
    word.bob = Promise.withResolvers()
    await lease[Symbol.asyncDispose]()
    assert.equal(await within(10_000, word.bob.promise, 'the word that bob is offline'), 'offline')
    word.bob = Promise.withResolvers()
  }
})
