import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import type { RecipientsAsk, RecipientsPage } from '@switchboard/contracts/push-queries'
import { HELD, openStage, type Stage } from './stage.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage[Symbol.asyncDispose]())

const search = async (user: string, q: string, room?: string) => {
  const { messages } = await stage.answer('search', { user, q, ...(room === undefined ? {} : { room }) })
  return messages.map(({ room: where, seq }) => `${where}:${seq}`)
}

test('words in messages, stored or not, then those of the asker’s rooms, newest first, as they are now', async () => {
  const [mine, other] = [stage.room('s1'), stage.room('s2')]
  await mine.create(['ann', 'bob'])
  await other.create(['cid'])
  await stage.user('ann').added(mine)
  await stage.user('cid').added(other)
  {
    await using _pod = await stage.start()
    await mine.send('ann', 'The quick brown fox', 'a lazy dog', 'quick as a (dog)')
    await mine.commit({ type: 'message.edited', from: 'ann', target: 3, text: 'a lazy cat' })
    await other.send('cid', 'another quick fox')
    await stage.saved('s1', 5)
    await stage.saved('s2', 2)
    assert.deepEqual(await search('ann', 'QUICK'), ['s1:4', 's1:2'])
    assert.deepEqual(await search('ann', 'fox quick'), ['s1:2'])
    assert.deepEqual(await search('ann', '(dog)'), ['s1:4'])
    assert.deepEqual(await search('ann', 'cat', 's1'), ['s1:3'])
    assert.deepEqual(await search('cid', 'fox'), ['s2:2'])
    assert.deepEqual(await search('stranger', 'fox'), [])
    assert.deepEqual(await search('ann', '.*'), [])
  }
  await using _pod = await stage.start(HELD)
  await mine.send('bob', 'one more quick thing')
  await mine.commit({ type: 'message.deleted', from: 'ann', target: 2 })
  await mine.commit({ type: 'message.edited', from: 'ann', target: 4, text: 'slow' })
  assert.deepEqual(await search('ann', 'quick'), ['s1:6'])
  const refused = await stage.ask('search', { user: 'cid', q: 'quick', room: 's1' })
  assert.ok(isRefusal(refused) && refused.code === 'not_a_member')
})

/** What storage says about one room. */
const pageOf = async (asked: RecipientsAsk): Promise<RecipientsPage> => {
  const { pages } = await stage.answer('push.recipients', { rooms: [asked] })
  const [page] = pages
  assert.ok(page && !isRefusal(page))
  return page
}
const usersOf = ({ recipients }: RecipientsPage) => recipients.map(({ user }) => user)

test('messages in rooms, then their recipients have marks, devices and badges, all in one answer', async () => {
  const [room, second, third] = [stage.room('p1'), stage.room('p2'), stage.room('p3')]
  await room.create(['r000', 'r001', 'r002'], { title: 'Tea' })
  await second.create(['r001', 'r002'])
  await third.create(['r001', 'r002'])
  await using _pod = await stage.start()
  await second.send('r002', 'unread by r001')
  await third.send('r002', 'read by r001')
  await third.mark('r001', 2)
  await stage.answer('account.create', { user: 'r000', password: 'password', name: 'Zero' })
  for (const device of ['a', 'b']) {
    const body = { provider: 'fcm', target: { token: `token-of-${device}` } } as const
    await stage.answer('device.put', { user: 'r001', device, body })
  }
  await room.send('r000', 'hello all')
  for (const id of ['p1', 'p2', 'p3']) await stage.saved(id, 2)
  const asked = { seq: 2, authors: ['r000'], mentions: [] }
  const { pages } = await stage.answer('push.recipients', {
    rooms: ['p1', 'no-such-room', 'p3'].map((id) => ({ room: id, ...asked })),
  })
  const [tea, none, other] = pages
  assert.ok(tea && !isRefusal(tea) && other && !isRefusal(other))
  assert.deepEqual(
    [tea.title, tea.kind, tea.names, tea.large, tea.more],
    ['Tea', 'group', { r000: 'Zero' }, false, false],
  )
  const told = tea.recipients.find(({ user }) => user === 'r001')
  assert.deepEqual(
    [told?.role, told?.read, told?.read_n, told?.muted, told?.badge, told?.devices.map(({ device }) => device).sort()],
    ['member', 1, 0, false, 2, ['a', 'b']],
  )
  assert.deepEqual(tea.recipients.find(({ user }) => user === 'r002')?.devices, [])
  assert.deepEqual(usersOf(other), ['r001', 'r002'])
  // This room has nothing unread for r001 but counts, as its message is what is told about.
  assert.equal(other.recipients[0]?.badge, 3)
  assert.ok(isRefusal(none) && none.code === 'not_found')
})

test('a message that is not stored yet, then its room is as the log has it', async () => {
  const room = stage.room('p4')
  await room.create(['r010', 'r011'])
  {
    await using _pod = await stage.start()
    await stage.saved('p4', 1)
  }
  await using _pod = await stage.start(HELD)
  await room.commit({ type: 'member.added', from: 'r010', user: 'r012', role: 'member' })
  await room.commit({ type: 'member.removed', from: 'r010', user: 'r011' })
  await room.send('r010', 'who is here?')
  assert.deepEqual(usersOf(await pageOf({ room: 'p4', seq: 4, authors: ['r010'], mentions: [] })), ['r010', 'r012'])
})

test('a room of many, then only those of its members who are mentioned are told, page after page', async () => {
  const names = Array.from({ length: 250 }, (_, i) => `l${String(i).padStart(3, '0')}`)
  const room = stage.room('p5')
  await room.create(names.slice(0, 100))
  for (const user of names.slice(100)) await room.commit({ type: 'member.added', from: 'l000', user, role: 'member' })
  await using _pod = await stage.start()
  await stage.saved('p5', 151)
  const asked = { room: 'p5', seq: 151, authors: ['l000'] }
  const nobody = await pageOf({ ...asked, mentions: [] })
  assert.deepEqual([nobody.large, nobody.more, usersOf(nobody)], [true, false, []])
  const mentions = ['stranger', ...names.slice(80, 230)]
  const first = await pageOf({ ...asked, mentions })
  assert.deepEqual([first.large, first.more, first.recipients.length], [true, true, 100])
  const rest = await pageOf({ ...asked, mentions, after: usersOf(first).at(-1) ?? '' })
  assert.deepEqual([...usersOf(first), ...usersOf(rest)], names.slice(80, 230))
  assert.equal(rest.more, false)
})

test('more rooms than have place in an answer, then the first of them are answered', async () => {
  const members = Array.from({ length: 90 }, (_, i) => `q${String(i).padStart(2, '0')}`)
  const ids = Array.from({ length: 13 }, (_, i) => `p6-${i}`)
  for (const id of ids) await stage.room(id).create(members)
  await using _pod = await stage.start()
  const rooms = ids.map((id) => ({ room: id, seq: 1, authors: [], mentions: [] }))
  const { pages } = await stage.answer('push.recipients', { rooms })
  assert.deepEqual(
    pages.map((page) => (isRefusal(page) ? page.code : page.recipients.length)),
    Array.from({ length: 11 }, () => 90),
  )
})
