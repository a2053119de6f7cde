import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { type Stage, stage, token } from './edge-fixture.ts'
import { RawClient } from './raw-client.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

const connect = async (user: string) => RawClient.connected(here.edge.url, await token(user))

test('a room that one creates, then its answer comes when its publications flow, from offset 0', async () => {
  using ann = await connect('ann')
  using bea = await connect('bea')
  const { rpc } = await ann.rpc('room.create', { cid: 'k1', kind: 'group', members: ['bea'] })
  const channel = `room:${rpc?.data.room}`
  const [subscribed] = ann.pushes(channel)
  assert.equal(subscribed?.subscribe?.offset ?? 0, 0)
  assert.deepEqual(ann.offsets(channel), [1])
  assert.equal((await ann.rpc('message.send', { cid: 'k2', room: rpc?.data.room, text: 'hi' })).rpc?.data.seq, 2)
  await bea.until('both events', () => bea.offsets(channel).length === 2)
  assert.deepEqual(bea.offsets(channel), [1, 2])
  assert.equal(bea.pushes(channel)[0]?.subscribe?.offset ?? 0, 0)
})

test('somebody added to an old room, then subscribed from their first event on', async () => {
  await here.world.room('old', ['ann'])
  await here.world.messages('old', ['a', 'b', 'c'])
  using cid = await connect('cid')
  await here.world.join('old', 'cid')
  await here.world.messages('old', ['d'])
  await cid.until('the message', () => cid.offsets('room:old').includes(6))
  assert.deepEqual(cid.offsets('room:old'), [5, 6])
  assert.equal(cid.pushes('room:old')[0]?.subscribe?.offset, 4)
})

test('somebody removed, then they see their removal, an unsubscribe, and nothing after it', async () => {
  await here.world.room('leave', ['ann', 'dan'])
  using ann = await connect('ann')
  using dan = await connect('dan')
  await here.world.leave('leave', 'dan')
  await here.world.messages('leave', ['secret'])
  await ann.until('the secret', () => ann.offsets('room:leave').includes(3))
  const end = await dan.until('the end', () => dan.pushes('room:leave').find(({ unsubscribe }) => unsubscribe))
  assert.equal(end.unsubscribe?.code, 2000)
  await dan.until('their own channel', () => dan.offsets('user:dan').includes(2))
  assert.deepEqual(dan.offsets('room:leave'), [2])
  await here.world.join('leave', 'dan')
  await dan.until('being back', () => dan.offsets('room:leave').includes(4))
  assert.deepEqual(dan.offsets('room:leave'), [2, 4])
})

test('a removal and a secret in the very next entry, then the removed one’s edge stops in between', async () => {
  await here.world.room('fast', ['ann', 'fay'])
  using fay = await connect('fay')
  using ann = await connect('ann')
  await Promise.all([here.world.leave('fast', 'fay'), here.world.messages('fast', ['x', 'y'])])
  await ann.until('all', () => ann.offsets('room:fast').length === 3)
  await fay.until('the end', () => fay.pushes('room:fast').find(({ unsubscribe }) => unsubscribe))
  assert.deepEqual(fay.offsets('room:fast'), [2])
})

test('a client that subscribes to a room itself, then it has it instead of the server’s, with recovery', async () => {
  await here.world.room('own', ['gus'])
  await here.world.messages('own', ['a', 'b', 'c'])
  using gus = await connect('gus')
  const { epoch } = gus.frames[0]?.connect?.subs['room:own'] ?? {}
  const command = { subscribe: { channel: 'room:own', recover: true, offset: 2, epoch } }
  const { subscribe } = await gus.call(command)
  assert.equal(subscribe?.recovered, true)
  assert.deepEqual(
    subscribe?.publications?.map(({ offset }) => offset),
    [3, 4],
  )
  assert.equal(gus.pushes('room:own')[0]?.unsubscribe?.code, 2000)
  assert.equal((await gus.call(command)).error?.code, 105)
  await here.world.messages('own', ['d'])
  await gus.until('the message', () => gus.offsets('room:own').length > 0)
  assert.deepEqual(gus.offsets('room:own'), [5])
  assert.ok((await gus.call({ unsubscribe: { channel: 'room:own' } })).unsubscribe)
  await here.world.messages('own', ['e'])
  assert.deepEqual(gus.offsets('room:own'), [5])
  // The last one comes in the reply or right behind it, as it is heard before or after.
  const again = (await gus.call(command)).subscribe?.publications?.map(({ offset }) => offset) ?? []
  await gus.until('the last', () => again.includes(6) || gus.offsets('room:own').includes(6))
  assert.deepEqual([...again, ...gus.offsets('room:own').slice(1)], [3, 4, 5, 6])
})

test('a public room, then anybody may follow it', async () => {
  await here.world.room('plaza', ['ann'], 'public')
  using hal = await connect('hal')
  assert.equal((await hal.call({ subscribe: { channel: 'room:plaza' } })).subscribe?.offset, 1)
  await here.world.messages('plaza', ['x'])
  await hal.until('the message', () => hal.offsets('room:plaza').includes(2))
})

test('more rooms than the server subscribes, then the others only count, and can be subscribed', async () => {
  const rooms = MAX.serverRooms + 3
  for (let i = 0; i < rooms; i += 1) {
    await here.world.room(`many-${i}`, ['ivy'])
    if (i >= 3) await here.world.messages(`many-${i}`, ['newer'])
  }
  using ivy = await connect('ivy')
  const subs = Object.keys(ivy.frames[0]?.connect?.subs ?? {})
  assert.equal(subs.length, MAX.serverRooms + 1)
  assert.ok(!subs.includes('room:many-0'))
  // Counting begins after the reply: messages are sent until one of them is told.
  const told = ivy.until('the signal', () =>
    ivy.pushes('user:ivy').find(({ pub }) => pub?.data.type === 'room.changed' && pub.data.room === 'many-0'),
  )
  let isTold = false
  void told.then(() => {
    isTold = true
  })
  while (!isTold) {
    await here.world.messages('many-0', ['x'])
    await ivy.call({ ping: {} })
  }
  const { pub } = await told
  assert.ok((pub?.data.head as number) >= 2)
  assert.equal(pub?.offset, undefined)
  assert.equal(ivy.offsets('room:many-0').length, 0)
  assert.ok((await ivy.call({ subscribe: { channel: 'room:many-0' } })).subscribe)
})

test('two connections of one person, then storage is asked for their rooms once', async () => {
  await here.world.room('once', ['jan'])
  using first = await connect('jan')
  const before = here.world.asked.filter((name) => name === 'user.rooms').length
  using second = await connect('jan')
  assert.equal(here.world.asked.filter((name) => name === 'user.rooms').length, before)
  for (const client of [first, second]) assert.ok(client.frames[0]?.connect?.subs['room:once'])
})
