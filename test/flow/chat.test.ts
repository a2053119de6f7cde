import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  api,
  type FlowSystem,
  flowSystem,
  historyOf,
  logIn,
  Person,
  range,
  type Seen,
  WAIT_MS,
} from './flow-fixture.ts'

const EACH = 1_000
let flow: FlowSystem
before(async () => {
  flow = await flowSystem({ own: true })
})
after(() => flow[Symbol.asyncDispose]())

const brief = (events: readonly Seen[]) => events.map(({ seq, from, text }) => `${seq} ${from} ${text}`)

test('1,000 messages each way at once, then both and the history show the same, also after a restart', async () => {
  const [aliceToken, bobToken] = await Promise.all(['alice', 'bob'].map((user) => logIn(flow.url, user)))
  assert.ok(aliceToken && bobToken)
  using alice = await new Person(flow.url, aliceToken).connect()
  using bob = await new Person(flow.url, bobToken).connect()
  const { room } = await alice.rpc<{ room: string }>('room.create', {
    cid: 'flow-room',
    kind: 'group',
    title: 'Flow',
    members: ['bob'],
  })
  const channel = `room:${room}`
  await bob.until('bob is in the room', () => bob.subscribed.some((s) => s.channel === channel))

  const write = (person: Person, name: string) =>
    Promise.all(
      range(1, EACH).map((i) =>
        person.rpc<{ seq: number; at: number }>('message.send', { cid: `${name}-${i}`, room, text: `${name} ${i}` }),
      ),
    )
  const [fromAlice, fromBob] = await Promise.all([write(alice, 'a'), write(bob, 'b')])
  const total = 1 + 2 * EACH
  for (const person of [alice, bob])
    await person.until('all messages', () => person.events(channel).at(-1)?.seq === total)

  for (const person of [alice, bob]) {
    assert.deepEqual(
      person.events(channel).map(({ offset }) => offset),
      range(1, total),
    )
    assert.equal(person.messages(channel).length, 2 * EACH)
  }
  assert.deepEqual(brief(alice.events(channel)), brief(bob.events(channel)))
  for (const [name, answers] of [
    ['a', fromAlice],
    ['b', fromBob],
  ] as const) {
    answers.forEach(({ seq, at }, i) => {
      const event = alice.events(channel)[seq - 1]
      assert.equal(event?.text, `${name} ${i + 1}`)
      assert.ok(at > 0)
    })
    assert.deepEqual(
      answers.map(({ seq }) => seq),
      answers.map(({ seq }) => seq).sort((x, y) => x - y),
    )
  }

  const stored = await historyOf(flow.url, bobToken, room)
  assert.deepEqual(brief(stored), brief(alice.events(channel)))

  const { body: before } = await api(flow.url, { path: '/v1/rooms', token: bobToken })
  await flow.restart()
  assert.deepEqual(brief(await historyOf(flow.url, bobToken, room)), brief(alice.events(channel)))
  const { body: rooms } = await api(flow.url, { path: '/v1/rooms', token: bobToken })
  assert.deepEqual(rooms, before)
  assert.equal(rooms.rooms[0].head, total)

  await Promise.all([alice, bob].map((person) => person.client.ready(WAIT_MS)))
  await alice.rpc('message.send', { cid: 'after', room, text: 'after the restart' })
  await bob.until('the message after the restart', () => bob.events(channel).at(-1)?.text === 'after the restart')
  assert.deepEqual(
    bob.events(channel).map(({ offset }) => offset),
    range(1, total + 1),
  )
})

test('bob leaves for 200 messages and returns, then the connect reply brings exactly those 200', async () => {
  const [aliceToken, bobToken] = await Promise.all(['ann', 'ben'].map((user) => logIn(flow.url, user)))
  assert.ok(aliceToken && bobToken)
  using alice = await new Person(flow.url, aliceToken).connect()
  using bob = await new Person(flow.url, bobToken).connect()
  const { room } = await alice.rpc<{ room: string }>('room.create', { cid: 'gap', kind: 'group', members: ['ben'] })
  const channel = `room:${room}`
  await alice.rpc('message.send', { cid: 'first', room, text: 'first' })
  await bob.until('the first message', () => bob.events(channel).length === 2)
  bob.client.disconnect()
  for (const i of range(1, 200)) await alice.rpc('message.send', { cid: `gap-${i}`, room, text: `${i}` })
  const seenBefore = bob.events(channel).length
  bob.client.connect()
  await bob.client.ready(WAIT_MS)
  const recovered = bob.subscribed.filter((s) => s.channel === channel).at(-1)
  assert.deepEqual(recovered, { channel, recovered: true, wasRecovering: true })
  await bob.until('the gap', () => bob.events(channel).length >= seenBefore + 200)
  const missed = bob.events(channel).slice(seenBefore)
  assert.deepEqual(
    missed.map(({ text }) => text),
    range(1, 200).map(String),
  )
  assert.deepEqual(
    bob.events(channel).map(({ offset }) => offset),
    range(1, 202),
  )
})

test('the same cid twice, then the same answer over any way in; with another text, then cid_conflict', async () => {
  const token = await logIn(flow.url, 'carol')
  using carol = await new Person(flow.url, token).connect()
  const created = await carol.rpc<{ room: string }>('room.create', { cid: 'c-room', kind: 'group' })
  assert.deepEqual(await carol.rpc('room.create', { cid: 'c-room', kind: 'group' }), created)
  const { room } = created
  const message = { cid: 'twice', text: 'only once' }
  const first = await carol.rpc('message.send', { room, ...message })
  assert.deepEqual(await carol.rpc('message.send', { room, ...message }), first)
  const http = await api(flow.url, { method: 'POST', path: `/v1/rooms/${room}/messages`, token, body: message })
  assert.deepEqual(http.body, first)
  await assert.rejects(carol.rpc('message.send', { room, ...message, text: 'another' }), { code: 403 })
  await carol.client.publish(`room:${room}`, message)
  assert.equal((await historyOf(flow.url, token, room)).length, 2)
})
