import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { HELD, openStage, type Stage, until } from './stage.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage[Symbol.asyncDispose]())

const listOf = async (user: string) => {
  const { lists } = await stage.answer('user.rooms', { users: [user] })
  const [list] = lists
  assert.equal(list?.user, user)
  return list
}

test('a list while nothing is stored, then it is complete up to the head of the person’s log', async () => {
  await using _pod = await stage.start(HELD)
  const [room, direct] = [stage.room('a1'), stage.room('a2')]
  await room.create(['ann', 'bob', 'cid'], { title: 'Team' })
  await room.send('ann', 'one', 'two')
  await room.send('bob', 'x'.repeat(300))
  await direct.create(['bob', 'ann'], { kind: 'direct' })
  const bob = stage.user('bob')
  await bob.added(room)
  await bob.added(direct)
  assert.equal(await stage.collections.memberships.findOne({ _id: 'bob:a1' }), null)
  const list = await listOf('bob')
  assert.equal(list?.head, 2)
  const byRoom = new Map(list?.rooms.map((entry) => [entry.room, entry]))
  const { last, at, ...team } = byRoom.get('a1') ?? {}
  assert.deepEqual(team, {
    room: 'a1',
    kind: 'group',
    title: 'Team',
    role: 'member',
    head: 4,
    read: 4,
    unread: 0,
    members: 3,
  })
  assert.deepEqual(last, { seq: 4, from: 'bob', at, text: 'x'.repeat(200) })
  assert.deepEqual([byRoom.get('a2')?.peer, byRoom.get('a2')?.title], ['ann', null])
  await stage.user('ann').added(room)
  const [ann] = (await stage.answer('user.rooms', { users: ['ann'] })).lists[0]?.rooms ?? []
  assert.deepEqual([ann?.role, ann?.head, ann?.read, ann?.unread], ['owner', 4, 3, 1])
})

test('a list of stored rooms with news in the log, then heads and unread are those of the log', async () => {
  const [room, left] = [stage.room('b1'), stage.room('b2')]
  await room.create(['ann', 'dan'])
  await left.create(['ann', 'dan'])
  const dan = stage.user('dan')
  await dan.added(room)
  await dan.added(left)
  {
    await using _pod = await stage.start()
    await room.sendMany('ann', 20)
    await room.mark('dan', 11)
    await stage.saved('b1', 21)
    await until(async () => (await listOf('dan'))?.rooms.find((each) => each.room === 'b1')?.unread === 10, 'unread')
  }
  await using _pod = await stage.start(HELD)
  await room.send('ann', 'news')
  await dan.removed(left)
  const list = await listOf('dan')
  assert.deepEqual(
    list?.rooms.map(({ room: id, head, read, unread }) => [id, head, read, unread]),
    [['b1', 22, 11, 11]],
  )
  assert.equal(list?.head, 3)
  assert.equal(list?.rooms[0]?.last?.text, 'news')
})

test('lists of many people at once, then each is its own, in the order asked', async () => {
  await using _pod = await stage.start()
  const people = Array.from({ length: 12 }, (_, i) => `p${i}`)
  const rooms = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => {
      const room = stage.room(`c${i}`)
      await room.create(people)
      return room
    }),
  )
  await Promise.all(
    people.map(async (person, i) => {
      const user = stage.user(person)
      for (const room of rooms.slice(0, 1 + (i % 5))) await user.added(room)
    }),
  )
  const { lists } = await stage.answer('user.rooms', { users: [...people, 'nobody'] })
  assert.deepEqual(
    lists.map(({ user, head, rooms: entries }) => [user, head, entries.length]),
    [...people.map((person, i) => [person, 1 + (i % 5), 1 + (i % 5)]), ['nobody', 0, 0]],
  )
  assert.ok(lists.flatMap((list) => list.rooms).every(({ members }) => members === 12))
})

test('a list that is asked for up to an event that is stored, then the log is not read for it; up to a newer one, then it is', async () => {
  const [first, second] = [stage.room('g1'), stage.room('g2')]
  for (const room of [first, second]) await room.create(['gil'])
  const gil = stage.user('gil')
  {
    await using _pod = await stage.start()
    await gil.added(first)
    await until(async () => (await stage.collections.users.findOne({ _id: 'gil' }))?.head === 1, 'stored')
  }
  await gil.added(second)
  await using _pod = await stage.start(HELD)
  const listed = async (head: number) => {
    const { lists } = await stage.answer('user.rooms', { users: ['gil'], heads: [head] })
    return [lists[0]?.head, lists[0]?.rooms.length]
  }
  assert.deepEqual(
    [await listed(1), await listed(2)],
    [
      [1, 1],
      [2, 2],
    ],
  )
})

test('events of a person’s own channel after a seq, stored and not, then in order without a hole', async () => {
  const room = stage.room('d1')
  await room.create(['eva'])
  const eva = stage.user('eva')
  {
    await using _pod = await stage.start()
    for (let i = 0; i < 5; i += 1) await eva.added(room)
    await until(async () => (await stage.collections.users.findOne({ _id: 'eva' }))?.head === 5, 'stored')
  }
  await using _pod = await stage.start(HELD)
  await eva.removed(room)
  const all = await stage.answer('user.events', { user: 'eva', after_seq: 3, limit: 100 })
  assert.deepEqual([all.events.map(({ seq }) => seq), all.head, all.more], [[4, 5, 6], 6, false])
  assert.deepEqual(all.events.at(-1), eva.events.at(-1))
  assert.deepEqual(all.events[0], eva.events[3])
  const part = await stage.answer('user.events', { user: 'eva', after_seq: 0, limit: 4 })
  assert.deepEqual([part.events.length, part.head, part.more], [4, 6, true])
  const loaded = await stage.answer('user.load', { user: 'eva' })
  assert.deepEqual([loaded.head, loaded.log_seq, loaded.cids.length, loaded.cids_since], [6, eva.logSeq, 6, 0])
})

test('a person removed in the room’s log, before their own log has it, then the room is in their list no more', async () => {
  const room = stage.room('out1')
  await room.create(['ann', 'outis'])
  await stage.user('outis').added(room)
  const isListed = async () => (await listOf('outis'))?.rooms.some((entry) => entry.room === 'out1')
  {
    await using _pod = await stage.start(HELD)
    assert.equal(await isListed(), true)
    await room.commit({ type: 'member.removed', from: 'ann', user: 'outis' })
    assert.equal(await isListed(), false, 'as the log has it')
  }
  await using _pod = await stage.start()
  await until(async () => (await stage.collections.members.findOne({ _id: 'out1:outis' }))?.gone === true, 'stored')
  await until(async () => (await stage.collections.rooms.findOne({ _id: 'out1' }))?.head === 2, 'the head is stored')
  assert.equal(await isListed(), false, 'as MongoDB has it')
  await room.commit({ type: 'member.added', from: 'ann', user: 'outis', role: 'member' })
  assert.equal(await isListed(), true, 'back, although their own log has still heard of nothing')
})
