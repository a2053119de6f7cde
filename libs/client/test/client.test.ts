import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileOutboxStore } from '../src/file-outbox-store.ts'
import { connect, createAccount, login, memoryOutboxStore, type OutboxStore, SwitchboardError } from '../src/index.ts'
import type { Room } from '../src/room.ts'
import { eventually } from './eventually.ts'
import { FakeEdge } from './fake-edge.ts'

const start = (edge: FakeEdge, user: string, storage?: OutboxStore) =>
  connect({ url: edge.url, user, token: user, ...(storage ? { storage } : {}) })

const texts = (room: Room) => room.items.flatMap((item) => (item.kind === 'message' ? [item.text] : []))

test('accounts, when made, taken and logged in to, then the refusals are typed', async () => {
  await using edge = await FakeEdge.start()
  assert.deepEqual(await createAccount(edge.url, { user: 'alice', password: 'switchboard' }), { user: 'alice' })
  await assert.rejects(createAccount(edge.url, { user: 'alice', password: 'switchboard' }), { code: 'user_taken' })
  await assert.rejects(login(edge.url, 'alice', 'wrong'), { code: 'bad_credentials', retry: false })
  assert.equal((await login(edge.url, 'alice', 'switchboard')).user, 'alice')
})

test('two clients, when both write, then both see the same order and nothing stays in an outbox', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  await using alice = await start(edge, 'alice')
  await using bob = await start(edge, 'bob')
  const [a, b] = [alice.open('tea'), bob.open('tea')]
  const sent = await Promise.all(
    Array.from({ length: 40 }, (_, i) => (i % 2 ? a.send(`a${i}`) : b.send(`b${i}`)).settled),
  )
  for (const one of sent) assert.deepEqual(Object.keys(one), ['state', 'seq', 'at'])
  await eventually('both see 41', () => a.lastSeen === 41 && b.lastSeen === 41)
  assert.deepEqual(texts(a), texts(b))
  assert.deepEqual(
    texts(a).filter((text) => text.startsWith('a')),
    Array.from({ length: 20 }, (_, i) => `a${2 * i + 1}`),
  )
  assert.equal(alice.outbox.size + bob.outbox.size, 0)
  assert.equal(a.outgoing.length, 0)
})

test('an answer that is lost, when the connection returns, then the message is there once', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  edge.loseAnswers = 2
  edge.forgetful = true
  edge.hidePublications = 1
  await using alice = await start(edge, 'alice')
  const { settled } = alice.room('tea').send('once')
  assert.deepEqual(await settled.then(({ state }) => state), 'sent')
  assert.deepEqual(edge.rooms.texts('tea'), ['once'])
  const tries = edge.received.flatMap(({ rpc }) => (rpc?.method === 'message.send' ? [rpc.data.cid] : []))
  assert.equal(tries.length, 3)
  assert.equal(new Set(tries).size, 1)
})

test('a client that was away, when it returns, then it has exactly what it missed', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  await using alice = await start(edge, 'alice')
  const room = alice.open('tea')
  const seen: number[] = []
  room.on('event', ({ seq }) => seen.push(seq))
  await eventually('live', () => room.status === 'live')
  edge.down = true
  edge.cut()
  await eventually('noticed', () => alice.connection.state === 'connecting')
  for (let i = 0; i < 120; i++) edge.rooms.say('tea', 'bob', `m${i}`)
  edge.down = false
  await eventually('caught up', () => room.lastSeen === 121)
  assert.deepEqual(
    seen,
    Array.from({ length: 120 }, (_, i) => i + 2),
  )
  assert.equal(edge.received.filter((command) => command.rpc?.method === 'room.history').length, 1, 'recovery alone')
  await eventually('counted', () => alice.rooms.get('tea')?.unread === 120)
})

test('a position that cannot be recovered, when connected again, then history fills the gap', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  await using alice = await start(edge, 'alice')
  const room = alice.open('tea')
  await eventually('live', () => room.status === 'live')
  edge.forgetful = true
  edge.down = true
  edge.cut()
  for (let i = 0; i < 450; i++) edge.rooms.say('tea', 'bob', `m${i}`)
  edge.down = false
  await eventually('caught up', () => room.lastSeen === 451)
  assert.equal(texts(room).length, 450)
})

test('another epoch, when connected again, then the room is loaded anew', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  for (let i = 0; i < 9; i++) edge.rooms.say('tea', 'bob', `old ${i}`)
  await using alice = await start(edge, 'alice')
  const room = alice.open('tea')
  await eventually('live', () => room.lastSeen === 10)
  edge.down = true
  edge.cut()
  edge.rooms.renew('tea', 'e2')
  for (let i = 0; i < 20; i++) edge.rooms.say('tea', 'bob', `new ${i}`)
  edge.down = false
  await eventually('loaded anew', () => room.lastSeen === 21 && texts(room).length === 20)
  assert.ok(texts(room).every((text) => text.startsWith('new')))
})

test('a publication that never came, when the next one comes, then the hole is filled before it is shown', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  await using alice = await start(edge, 'alice')
  const room = alice.open('tea')
  const seen: number[] = []
  room.on('event', ({ seq }) => seen.push(seq))
  await eventually('live', () => room.status === 'live')
  edge.hidePublications = 3
  for (const text of ['a', 'b', 'c', 'd']) edge.rooms.say('tea', 'bob', text)
  await eventually('all four', () => room.lastSeen === 5)
  assert.deepEqual(seen, [2, 3, 4, 5])
  edge.hidePublications = 1
  const own = await room.send('mine').settled
  assert.equal(own.state, 'sent')
  await eventually('one’s own, stored but not shown, is fetched', () => room.lastSeen === 6)
})

test('a refused message, when tried, then it fails visibly and those behind it go on', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  await using alice = await start(edge, 'alice')
  const refused = alice.room('nowhere').send('hello')
  assert.deepEqual(await refused.settled, {
    state: 'failed',
    failure: {
      code: 'not_a_member',
      field: 'room',
      message: 'Not a member of this room, or no such room.',
      retry: false,
    },
  })
  assert.equal(alice.room('nowhere').outgoing[0]?.state, 'failed')
  assert.equal((await alice.room('tea').send('fine').settled).state, 'sent')
  assert.throws(() => alice.room('tea').send('x'.repeat(8_001)), { code: 'too_large', field: 'text' })
  alice.outbox.discard(refused.cid)
  assert.equal(alice.outbox.size, 0)
})

test('messages written offline, when the process begins again, then they are sent in order', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  const folder = await mkdtemp(join(tmpdir(), 'outbox-'))
  edge.down = true
  {
    await using alice = await start(edge, 'alice', fileOutboxStore(folder))
    for (let i = 0; i < 5; i++) alice.room('tea').send(`m${i}`)
    const kept = fileOutboxStore(folder)
    for (let stored = 0; stored < 5; ) stored = (await kept.load()).length
  }
  assert.deepEqual(edge.rooms.texts('tea'), [])
  edge.down = false
  await using again = await start(edge, 'alice', fileOutboxStore(folder))
  await eventually('sent', () => again.outbox.size === 0)
  assert.deepEqual(edge.rooms.texts('tea'), ['m0', 'm1', 'm2', 'm3', 'm4'])
  await rm(folder, { recursive: true })
})

test('two tabs with one outbox, when both send what is in it, then each message is there once', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  const storage = memoryOutboxStore()
  const cids = ['01', '02', '03']
  for (const cid of cids) await storage.put({ cid, room: 'tea', text: `m${cid}`, at: 1 })
  await using one = await start(edge, 'alice', storage)
  await using two = await start(edge, 'alice', storage)
  await eventually('both empty', () => one.outbox.size === 0 && two.outbox.size === 0)
  assert.deepEqual(edge.rooms.texts('tea'), ['m01', 'm02', 'm03'])
})

test('a room the server does not subscribe, when opened, then it is subscribed by name and live', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  edge.uncounted.add('room:tea')
  await using alice = await start(edge, 'alice')
  const room = alice.open('tea')
  await eventually('subscribed', () => edge.received.some((command) => command.subscribe?.channel === 'room:tea'))
  await eventually('live', () => room.status === 'live')
  edge.rooms.say('tea', 'bob', 'hi')
  await eventually('heard', () => room.lastSeen === 2)
  edge.cut()
  edge.rooms.say('tea', 'bob', 'again')
  await eventually('and after a reconnect', () => room.lastSeen === 3)
})

test('edits, reactions, deletions, typing and marks, when they come, then the handle shows them', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  await using alice = await start(edge, 'alice')
  await using bob = await start(edge, 'bob')
  const [a, b] = [alice.open('tea'), bob.open('tea')]
  const sent = await a.send('draft').settled
  assert.ok(sent.state === 'sent')
  await a.edit(sent.seq, 'final')
  await eventually('bob has it', () => b.message(sent.seq)?.text === 'final')
  await b.react(sent.seq, '👍', true)
  await eventually('alice has it', () => a.message(sent.seq)?.reactions['👍']?.[0] === 'bob')
  b.sayTyping()
  await eventually('typing', () => a.typing.includes('bob'))
  assert.deepEqual(b.typing, [], 'not oneself')
  await eventually('counted', () => bob.rooms.get('tea')?.unread === 1)
  b.markRead(b.lastSeen)
  await eventually('read', () => bob.rooms.get('tea')?.unread === 0 && a.receipts.get('bob') === b.lastSeen)
  await a.delete(sent.seq)
  await eventually('gone', () => b.message(sent.seq)?.deleted === true)
  const stop = a.watchOnline()
  await eventually('online', () => a.online.count === 2)
  stop()
  assert.deepEqual(
    (await a.members()).map(({ user }) => user),
    ['alice', 'bob'],
  )
})

test('a room that is made, when a member is connected, then it appears in both lists', async () => {
  await using edge = await FakeEdge.start()
  await using alice = await start(edge, 'alice')
  await using bob = await start(edge, 'bob')
  await eventually('connected', () => alice.rooms.loaded && bob.rooms.loaded)
  const room = await alice.create({ kind: 'group', title: 'New', members: ['bob'] })
  await eventually('listed', () => alice.rooms.get(room) !== undefined)
})

test('a process that kept its position, when it begins again, then it gets every event after it', async () => {
  await using edge = await FakeEdge.start()
  edge.rooms.create('tea', ['alice', 'bob'])
  for (let i = 0; i < 1_500; i++) edge.rooms.say('tea', 'bob', `m${i}`)
  await using alice = await start(edge, 'alice')
  const seen: number[] = []
  alice.room('tea').on('event', ({ seq }) => seen.push(seq))
  const room = alice.open('tea', 101)
  await eventually('all', () => room.lastSeen === 1_501)
  assert.deepEqual(
    seen,
    Array.from({ length: 1_400 }, (_, i) => i + 102),
  )
  assert.deepEqual(alice.lastSeen, { tea: 1_501 })
})

test('a token that is refused for good, when asked for, then the connection ends and says so', async () => {
  await using edge = await FakeEdge.start()
  const getToken = () =>
    Promise.reject(new SwitchboardError({ code: 'unauthorized', message: 'log in again', retry: false }))
  await using alice = await connect({ url: edge.url, user: 'alice', getToken })
  await eventually('ended', () => alice.connection.state === 'disconnected')
  assert.equal(alice.connection.reason, 'unauthorized')
})
