import assert from 'node:assert/strict'
import test from 'node:test'
import type { Conversation, DeskSettings } from '@switchboard/contracts/desks'
import { MAX } from '@switchboard/contracts/limits'
import { newAgent } from '@switchboard/domain/desk'
import { chunks } from '@switchboard/runtime/chunks'
import { DeskLog } from './log-writer.ts'
import { HELD, openStage, until } from './stage.ts'

const SETTINGS: DeskSettings = {
  ...{ title: 'D', time_zone: 'UTC', hours: null, capacity: 5 },
  strategy: 'least_loaded',
  ...{ offer_seconds: 30, requeue_seconds: 30, skills: [], skill_field: null },
  ...{ waiting_seconds: null, first_reply_seconds: null, bot_seconds: 15, idle_seconds: null, pre_chat: [] },
}
const ID = `d1-${'x'.repeat(21)}`

const conversation = (revision: number, more: Partial<Conversation> = {}): Conversation => ({
  ...{
    conversation: ID,
    desk: 'd1',
    visitor: 'vera',
    title: null,
    state: 'queued',
    revision,
    edition: revision,
    agent: null,
    offer: null,
  },
  ...{ priority: 'normal', skill: null, entered_at: 5, ticket: 3, assigned_at: null, until: null, prefers: null },
  ...{ score: null, moved_to: null, at: 5, tags: [], breached: [], answered_at: null, replied_at: null },
  ...{ visitor_at: null, agent_at: null, ended_at: null },
  ...more,
})

const changed = (change: 'entered' | 'offered' | 'picked' | 'closed', of: Conversation) =>
  ({ type: 'conversation.changed', from: 'vera', change, conversation: of }) as const

test('a desk, stored and not, is loaded as it is at the head of its log, and what one command became is found', async () => {
  await using stage = await openStage()
  const desk = new DeskLog(stage.bus, 'd1')
  const load = () => stage.answer('desk.load', { desk: 'd1' })
  {
    await using _pod = await stage.start()
    assert.deepEqual((await load()).head, 0)
    await desk.commit({ type: 'desk.updated', from: 'root', settings: SETTINGS })
    await desk.commit({ type: 'agent.updated', from: 'root', agent: newAgent('ann', 2) })
    const offer = { offer: `${ID}.2`, agent: 'ann', expires_at: 9 }
    await desk.commit(changed('entered', conversation(1)), {
      ...changed('offered', conversation(2, { state: 'offered', offer })),
      from: '$system',
      cid: '3:1',
    })
    await until(async () => (await stage.collections.desks.findOne({ _id: 'd1' }))?.head === 4, 'the desk is stored')
    assert.deepEqual((await stage.answer('desk.list', {})).desks, ['d1'])
    const { settings, agents, conversations, log_seq } = await load()
    assert.deepEqual(
      [settings, conversations, log_seq],
      [SETTINGS, [conversation(2, { state: 'offered', offer })], desk.logSeq],
    )
    assert.deepEqual(agents, [{ ...newAgent('ann', 2), served: 4 }])
    const { caused } = await stage.answer('events.caused', { entity: 'desk', id: 'd1', seqs: [3, 1] })
    assert.deepEqual(caused, [
      { seq: 3, events: desk.events.slice(2) },
      { seq: 1, events: desk.events.slice(0, 1) },
    ])
    const lookups = [{ from: 'vera', cid: 'cid-3' }]
    const { used } = await stage.answer('cids.find', { entity: 'desk', id: 'd1', lookups })
    assert.deepEqual(
      used.map(({ seq }) => seq),
      [3],
    )
  }
  // What follows is not stored: it is read from the log.
  await using _held = await stage.start(HELD)
  await desk.commit(changed('picked', conversation(3, { state: 'assigned', agent: 'ann', assigned_at: 7 })))
  assert.deepEqual(
    (await load()).conversations.map(({ agent }) => agent),
    ['ann'],
  )
  await desk.commit(changed('closed', conversation(4, { state: 'closed', agent: 'ann', assigned_at: 7 })))
  assert.deepEqual([(await load()).conversations, (await load()).head], [[], 6])
  const asked = { desk: 'd1', conversations: [ID, 'd1-nothing'] }
  const [ended, ...others] = (await stage.answer('conversation.load', asked)).conversations
  assert.deepEqual([ended?.state, ended?.edition, others], ['closed', 4, []], 'MongoDB has it open yet')
  const { caused } = await stage.answer('events.caused', { entity: 'desk', id: 'd1', seqs: [3, 6] })
  assert.deepEqual(
    caused.map(({ events }) => events.map(({ seq }) => seq)),
    [[3, 4], [6]],
    'some stored, some not',
  )
  const page = await stage.answer('desk.events', { desk: 'd1', after_seq: 2, limit: 10 })
  assert.deepEqual([page.events, page.head, page.more], [desk.events.slice(2), 6, false])
})

test('a desk with more conversations than a page, stored and not, is loaded page by page with each of them once', async () => {
  await using stage = await openStage()
  const desk = new DeskLog(stage.bus, 'd1')
  const idOf = (n: number) => `d1-${String(n).padStart(21, '0')}`
  const entered = (n: number) => changed('entered', conversation(1, { conversation: idOf(n), visitor: `v${n}` }))
  const count = MAX.deskPage + 20
  {
    await using _pod = await stage.start()
    await desk.commit({ type: 'desk.updated', from: 'root', settings: SETTINGS })
    const all = Array.from({ length: count }, (_, i) => entered(2 * i))
    for (const part of chunks(all, MAX.entryEvents)) {
      const [first, ...rest] = part
      if (first) await desk.commit(first, ...rest)
    }
    const stored = async () => (await stage.collections.desks.findOne({ _id: 'd1' }))?.head === count + 1
    await until(stored, 'the desk is stored')
  }
  await using _held = await stage.start(HELD)
  const closed = conversation(2, { conversation: idOf(0), visitor: 'v0', state: 'closed' })
  await desk.commit(changed('closed', closed), entered(1), entered(2 * count))
  const first = await stage.answer('desk.load', { desk: 'd1' })
  assert.deepEqual([first.conversations.length, first.more, first.head], [MAX.deskPage, true, count + 4])
  const after = first.conversations.at(-1)?.conversation ?? ''
  const second = await stage.answer('desk.load', { desk: 'd1', after })
  assert.deepEqual([second.more, second.head, second.cids.length], [false, count + 4, 0])
  const ids = [...first.conversations, ...second.conversations].map((one) => one.conversation)
  const wanted = [1, ...Array.from({ length: count - 1 }, (_, i) => 2 * (i + 1)), 2 * count].map(idOf)
  assert.deepEqual(ids, wanted)
})

test('agents and those who were, then their colleagues learn how they are called, and nobody else does', async () => {
  await using stage = await openStage()
  await using _pod = await stage.start()
  const desk = new DeskLog(stage.bus, 'd1')
  for (const user of ['zoe', 'ann', 'ben'])
    await desk.commit({ type: 'agent.updated', from: 'root', agent: newAgent(user, 2) })
  await desk.commit({ type: 'agent.removed', from: 'root', user: 'ann' })
  for (const [user, name] of [
    ['zoe', 'Zoe Roth'],
    ['ann', 'Ann Berg'],
  ] as const)
    await stage.answer('account.create', { user, password: 'switchboard', name })
  const stored = async () => (await stage.collections.desks.findOne({ _id: 'd1' }))?.head === 4
  await until(stored, 'the desk is stored')
  const { agents } = await stage.answer('desk.named', { desk: 'd1', user: 'zoe', roles: [] })
  assert.deepEqual(agents, [{ user: 'ben' }, { user: 'zoe', name: 'Zoe Roth' }, { user: 'ann', name: 'Ann Berg' }])
  await assert.rejects(stage.answer('desk.named', { desk: 'd1', user: 'ann', roles: [] }), /permission_denied/)
})

test('a conversation that goes to another desk is stored once, where it is by now', async () => {
  await using stage = await openStage()
  await using _pod = await stage.start()
  const [one, two] = [new DeskLog(stage.bus, 'd1'), new DeskLog(stage.bus, 'd2')]
  const found = async () =>
    (await stage.answer('conversation.load', { desk: 'd1', conversations: [ID] })).conversations[0]
  await two.commit(changed('entered', conversation(9, { desk: 'd2' })))
  await until(async () => (await found())?.desk === 'd2', 'the second desk is stored')
  await one.commit(changed('entered', conversation(8, { state: 'moved', moved_to: 'd2' })))
  await until(
    async () => (await stage.collections.desks.findOne({ _id: 'd1' }))?.head === 1,
    'the first desk is stored',
  )
  assert.deepEqual(await found(), conversation(9, { desk: 'd2' }))
})
