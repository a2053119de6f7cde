import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import { openStage, type Stage } from './stage.ts'

const HELD = { limits: { bulkEvents: 1e9, bulkMs: 1e9, queueEvents: 1e9 } }

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

test('a message in a room, then its recipients have marks, devices and badges, page after page', async () => {
  const names = Array.from({ length: 120 }, (_, i) => `r${String(i).padStart(3, '0')}`)
  const [room, second, third] = [stage.room('p1'), stage.room('p2'), stage.room('p3')]
  await room.create(names, { title: 'Big' })
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
  for (const [id, head] of [
    ['p1', 2],
    ['p2', 2],
    ['p3', 2],
  ] as const)
    await stage.saved(id, head)
  const first = await stage.answer('push.recipients', { room: 'p1', except: 'r000' })
  assert.deepEqual([first.title, first.kind, first.from_name, first.more], ['Big', 'group', 'Zero', true])
  const told = first.recipients.find(({ user }) => user === 'r001')
  assert.deepEqual(
    [told?.role, told?.read, told?.read_n, told?.muted, told?.badge, told?.devices.map(({ device }) => device).sort()],
    ['member', 1, 0, false, 2, ['a', 'b']],
  )
  assert.deepEqual(first.recipients.find(({ user }) => user === 'r002')?.devices, [])
  const after = first.recipients.at(-1)?.user ?? ''
  const rest = await stage.answer('push.recipients', { room: 'p1', except: 'r000', after })
  assert.deepEqual(
    [...first.recipients, ...rest.recipients].map(({ user }) => user),
    names.slice(1),
  )
  assert.equal(rest.more, false)
  const none = await stage.ask('push.recipients', { room: 'no-such-room', except: 'r000' })
  assert.ok(isRefusal(none) && none.code === 'not_found')
})
