import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import { intentOf } from '@switchboard/domain/intent'
import { HELD, openStage, type Stage } from './stage.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage[Symbol.asyncDispose]())

/** A room of which MongoDB has `saved` messages, and the log alone has the rest. */
async function halfSaved(id: string, saved: number) {
  const room = stage.room(id)
  await room.create(['ann', 'bob'], { title: 'Half' })
  {
    await using _pod = await stage.start()
    await room.sendMany('ann', saved, 3)
    await room.mark('bob', 2)
    await stage.saved(id, saved + 1)
  }
  return room
}

test('room.load while nothing of the room is stored, then it is exact at the head', async () => {
  await using _pod = await stage.start(HELD)
  const room = stage.room('l1')
  await room.create(['ann', 'bob'], { title: 'New' })
  await room.send('bob', 'one', 'two')
  const loaded = await stage.answer('room.load', { room: 'l1' })
  assert.equal(await stage.collections.rooms.findOne({ _id: 'l1' }), null)
  assert.deepEqual([loaded.kind, loaded.title, loaded.head, loaded.n], ['group', 'New', 3, 2])
  assert.deepEqual(loaded.members, [...room.state.members.values()])
  assert.equal(loaded.log_seq, room.logSeq)
  assert.deepEqual([loaded.incarnation, loaded.input > 0], ['c1', true])
  assert.deepEqual([loaded.cids_since, loaded.cids_since_at], [0, 0])
  assert.deepEqual(
    loaded.cids.map(({ from, cid, seq, intent }) => [from, cid, seq, intent]),
    room.events.map((event) => [event.from, event.cid, event.seq, intentOf(event)]),
  )
})

test('room.load of a room that is half stored, then nothing is missing and nothing is twice', async () => {
  const room = await halfSaved('l2', 10)
  await using _pod = await stage.start(HELD)
  await room.commit({ type: 'member.added', from: 'ann', user: 'cid', role: 'member' })
  await room.send('cid', 'hello')
  await room.commit({ type: 'member.removed', from: 'ann', user: 'bob' })
  await room.commit({ type: 'room.updated', from: 'ann', title: 'Whole' })
  const loaded = await stage.answer('room.load', { room: 'l2' })
  const { kind, title, head, n, members } = room.state
  assert.deepEqual([loaded.kind, loaded.title, loaded.head, loaded.n], [kind, title, head, n])
  assert.deepEqual(new Map(loaded.members.map((member) => [member.user, member])), members)
  assert.deepEqual(
    loaded.cids.map(({ seq }) => seq),
    room.events.map(({ seq }) => seq),
  )
  assert.equal(loaded.log_seq, room.logSeq)
})

test('room.load of a long room, then it says truthfully since when it knows every cid', async () => {
  const room = await halfSaved('l3', 600)
  await using _pod = await stage.start(HELD)
  await room.send('ann', 'unsaved')
  const loaded = await stage.answer('room.load', { room: 'l3' })
  assert.ok(loaded.cids_since > 0)
  const after = room.events.filter(({ seq }) => seq > loaded.cids_since)
  assert.deepEqual(
    loaded.cids.map(({ seq }) => seq),
    after.map(({ seq }) => seq),
  )
  assert.ok(loaded.cids_since_at >= (room.events[loaded.cids_since - 1]?.at ?? Number.POSITIVE_INFINITY))
  const lookups = [
    { from: 'ann', cid: 'cid-5' },
    { from: 'bob', cid: 'cid-5' },
    { from: 'ann', cid: 'cid-602' },
  ]
  const { used } = await stage.answer('cids.find', { entity: 'room', id: 'l3', lookups })
  assert.deepEqual(
    used.map(({ from, cid, seq }) => [from, cid, seq]),
    [
      ['ann', 'cid-5', 5],
      ['ann', 'cid-602', 602],
    ],
  )
  const [found] = used
  const event = room.events[4]
  assert.ok(event)
  assert.deepEqual([found?.at, found?.intent], [event.at, intentOf(event)])
})

test('room.load while very much of the room is not stored, then the cids are bounded, and the others are found', async () => {
  await using _pod = await stage.start(HELD)
  const room = stage.room('l4')
  await room.create(['ann', 'bob'])
  await room.sendMany('ann', 1_200, 50)
  const loaded = await stage.answer('room.load', { room: 'l4' })
  assert.deepEqual([loaded.head, loaded.cids.length, loaded.cids_since], [1_201, 512, 689])
  assert.deepEqual([loaded.cids[0]?.seq, loaded.cids.at(-1)?.seq], [690, 1_201])
  const lookups = [{ from: 'ann', cid: 'cid-20' }]
  const { used } = await stage.answer('cids.find', { entity: 'room', id: 'l4', lookups })
  assert.deepEqual(
    used.map(({ cid, seq }) => [cid, seq]),
    [['cid-20', 20]],
  )
})

test('room.load of a room that does not exist, then it is empty', async () => {
  await using _pod = await stage.start(HELD)
  const { head, kind, members, log_seq, incarnation } = await stage.answer('room.load', { room: 'none' })
  assert.deepEqual([head, kind, members, log_seq, incarnation], [0, null, [], 0, null])
})

test('history across the border of what is stored, then every page is whole in either direction', async () => {
  const room = await halfSaved('h1', 60)
  await using _pod = await stage.start(HELD)
  await room.sendMany('bob', 30, 4)
  await room.commit({ type: 'message.edited', from: 'ann', target: 40, text: 'changed' })
  const whole = room.events.map(({ seq }) => seq)
  const head = whole.length

  const up: number[] = []
  for (let after_seq = 0, more = true; more; after_seq = up.at(-1) ?? 0) {
    const page = await stage.answer('room.history', { room: 'h1', user: 'bob', after_seq, limit: 7 })
    assert.equal(page.head, head)
    up.push(...page.events.map(({ seq }) => seq))
    more = page.more
  }
  assert.deepEqual(up, whole)

  const down: number[] = []
  for (let before_seq = head + 1, more = true; more; before_seq = down[0] ?? 0) {
    const page = await stage.answer('room.history', { room: 'h1', user: 'ann', before_seq, limit: 7 })
    down.unshift(...page.events.map(({ seq }) => seq))
    more = page.more
  }
  assert.deepEqual(down, whole)

  const newest = await stage.answer('room.history', { room: 'h1', user: 'ann', limit: 60 })
  const texts = newest.events.map((event) => (event as { text?: string }).text)
  assert.equal(texts[40 - (newest.events[0]?.seq ?? 0)], 'changed')
  const fields = Object.keys(newest.events[10] ?? {}).sort()
  assert.deepEqual(fields, ['at', 'cid', 'from', 'n', 'seq', 'text', 'type'])
})

test('a member added a moment ago reads, a stranger and one removed do not, anyone reads a public room', async () => {
  const room = await halfSaved('h2', 5)
  const open = stage.room('h3')
  await open.create(['ann'], { kind: 'public' })
  await using _pod = await stage.start(HELD)
  await room.commit({ type: 'member.added', from: 'ann', user: 'new', role: 'member' })
  await room.commit({ type: 'member.removed', from: 'ann', user: 'bob' })
  assert.equal((await stage.answer('room.history', { room: 'h2', user: 'new' })).head, 8)
  assert.equal((await stage.answer('room.head', { room: 'h2', user: 'new' })).member, true)
  for (const user of ['bob', 'stranger']) {
    for (const asked of [
      await stage.ask('room.history', { room: 'h2', user }),
      await stage.ask('room.members', { room: 'h2', user }),
      await stage.ask('room.head', { room: 'h2', user }),
      await stage.ask('search', { room: 'h2', user, q: 'message' }),
      await stage.ask('room.history', { room: 'nowhere', user }),
    ]) {
      assert.ok(isRefusal(asked))
      assert.equal(asked.code, 'not_a_member')
    }
  }
  assert.equal((await stage.answer('room.history', { room: 'h3', user: 'stranger' })).events.length, 1)
  const { head, kind, member } = await stage.answer('room.head', { room: 'h3', user: 'stranger' })
  assert.deepEqual([head, kind, member], [1, 'public', false])
})

test('long messages in a page, then it is cut below its limit in bytes and says that there is more', async () => {
  await using _pod = await stage.start(HELD)
  const room = stage.room('h4')
  await room.create(['ann'])
  for (let i = 0; i < 12; i += 1) await room.send('ann', ...Array.from({ length: 10 }, () => 'x'.repeat(8_000)))
  const page = await stage.answer('room.history', { room: 'h4', user: 'ann', limit: 200 })
  assert.ok(page.events.length > 50 && page.events.length < 70, `${page.events.length} events`)
  assert.deepEqual([page.more, page.events.at(-1)?.seq], [true, 121])
})

test('members over several pages with changes that are not stored, then each is there once', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `m${String(i).padStart(2, '0')}`)
  const room = stage.room('m1')
  await room.create(names)
  {
    await using _pod = await stage.start()
    await stage.saved('m1', 1)
    await stage.answer('account.create', { user: 'm03', password: 'password', name: 'Three' })
  }
  await using _pod = await stage.start(HELD)
  await room.commit({ type: 'member.added', from: 'm00', user: 'm031', role: 'member' })
  await room.commit({ type: 'member.removed', from: 'm00', user: 'm10' })
  await room.commit({ type: 'member.changed', from: 'm00', user: 'm20', role: 'moderator' })
  const { members, more } = await stage.answer('room.members', { room: 'm1', user: 'm00' })
  assert.deepEqual(
    members.map(({ user, role }) => `${user} ${role}`).sort(),
    [...room.state.members.values()].map(({ user, role }) => `${user} ${role}`).sort(),
  )
  assert.equal(more, false)
  assert.equal(members.find(({ user }) => user === 'm03')?.name, 'Three')
})

test('facts of messages, stored or not, then who wrote them and whether they are deleted', async () => {
  const room = await halfSaved('f1', 3)
  await using _pod = await stage.start(HELD)
  await room.send('bob', 'unsaved')
  await room.commit({ type: 'message.deleted', from: 'ann', target: 3 })
  const { facts } = await stage.answer('messages.facts', { room: 'f1', seqs: [1, 3, 5, 6, 99] })
  const shown = facts.map(({ seq, from, message, deleted, n }) => [seq, from, message, deleted, n])
  assert.deepEqual(
    shown.sort((a, b) => Number(a[0]) - Number(b[0])),
    [
      [1, 'ann', false, false, 0],
      [3, 'ann', true, true, 2],
      [5, 'bob', true, false, 4],
      [6, 'ann', false, false, 4],
    ],
  )
})
