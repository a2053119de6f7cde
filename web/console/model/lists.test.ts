import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation } from '@switchboard/contracts/desks'
import type { RoomEntry } from '@switchboard/contracts/methods'
import { found, type Line, listsOf, othersOf, stepped, tagsIn, titleOf } from './lists.ts'

const conversation = (id: string, more: Partial<Conversation> = {}): Conversation =>
  ({
    ...{ conversation: id, desk: 'd', visitor: 'v-0123abcd', title: null, state: 'assigned', revision: 1, agent: 'me' },
    ...{ offer: null, priority: 'normal', skill: null, entered_at: 10, ticket: 0, assigned_at: null, until: null },
    ...{ prefers: null, score: null, moved_to: null, at: 20, tags: [] },
    ...more,
  }) as Conversation
const room = (id: string, at: number, unread = 0): RoomEntry =>
  ({ room: id, unread, last: { seq: 1, from: 'v', at, text: `text of ${id}` }, at }) as RoomEntry
const ids = (lines: readonly Line[]) => lines.map((line) => line.conversation.conversation)

test('conversations of a desk, then each is in the list of whose it is, and one that moved in none', () => {
  const lists = listsOf(
    [
      conversation('a'),
      conversation('b', { agent: 'other' }),
      conversation('c', { agent: null, state: 'queued' }),
      conversation('d', { agent: null, state: 'offered' }),
      conversation('e', { state: 'closed' }),
      conversation('f', { state: 'moved' }),
    ],
    { me: 'me', rooms: new Map() },
  )
  const { mine, waiting, team, ended } = lists
  assert.deepEqual([mine, waiting, team, ended].map(ids), [['a'], ['c', 'd'], ['b'], ['e']])
})

test('who waits, then urgent ones first, then by when they came', () => {
  const waits = (id: string, more: Partial<Conversation>) => conversation(id, { agent: null, state: 'queued', ...more })
  const all = [
    waits('late', { entered_at: 30 }),
    waits('early', { entered_at: 10, ticket: 2 }),
    waits('twin', { entered_at: 10, ticket: 1 }),
    waits('urgent', { entered_at: 90, priority: 'urgent' }),
  ]
  assert.deepEqual(ids(listsOf(all, { me: 'me', rooms: new Map() }).waiting), ['urgent', 'twin', 'early', 'late'])
})

test('one’s own, then the one where somebody wrote last is first, with what they wrote', () => {
  const rooms = new Map([
    ['a', room('a', 100)],
    ['b', room('b', 200, 3)],
  ])
  const { mine } = listsOf([conversation('a'), conversation('b')], { me: 'me', rooms })
  assert.deepEqual(ids(mine), ['b', 'a'])
  assert.deepEqual([mine[0]?.unread, mine[0]?.preview], [3, 'text of b'])
})

test('words that are looked for, then the lines that have all of them', () => {
  const { mine } = listsOf([conversation('a', { title: 'Vera Lind' }), conversation('b')], {
    me: 'me',
    rooms: new Map(),
  })
  const words = (text: string) => found(mine, { words: text, tag: '' })
  assert.deepEqual(ids(words('lind VERA')), ['a'])
  assert.deepEqual(ids(words('abcd')).toSorted(), ['a', 'b'])
  assert.equal(words(' '), mine)
  assert.equal(titleOf(conversation('b')), 'Visitor abcd')
})

test('a tag that is looked for, then the lines that have it, and every tag in use is known', () => {
  const all = [
    conversation('a', { tags: ['late', 'vip'] }),
    conversation('b', { tags: ['vip'] }),
    conversation('c', { tags: ['vip later'] }),
  ]
  const { mine } = listsOf(all, { me: 'me', rooms: new Map() })
  assert.deepEqual(ids(found(mine, { words: '', tag: 'vip' })).toSorted(), ['a', 'b'])
  assert.deepEqual(ids(found(mine, { words: 'late', tag: 'vip' })), ['a'])
  assert.deepEqual(tagsIn(all), ['late', 'vip', 'vip later'])
})

test('a person who was here before, then their other conversations, newest first, each as it is by now', () => {
  const own = conversation('now', { visitor: 'vera' })
  const others = othersOf(own, [
    conversation('old', { visitor: 'vera', entered_at: 1, edition: 7, state: 'closed' }),
    conversation('old', { visitor: 'vera', entered_at: 1, edition: 3 }),
    conversation('newer', { visitor: 'vera', entered_at: 5, edition: 1 }),
    conversation('strange', { visitor: 'will', edition: 1 }),
    own,
  ])
  assert.deepEqual(
    others.map((one) => [one.conversation, one.state]),
    [
      ['newer', 'assigned'],
      ['old', 'closed'],
    ],
  )
})

test('a step up or down, then the next line, and the ends hold', () => {
  const { mine } = listsOf(
    ['a', 'b', 'c'].map((id) => conversation(id)),
    { me: 'me', rooms: new Map() },
  )
  assert.equal(stepped(mine, '', 1), 'a')
  assert.equal(stepped(mine, 'a', 1), 'b')
  assert.equal(stepped(mine, 'c', 1), 'c')
  assert.equal(stepped(mine, 'a', -1), 'a')
  assert.equal(stepped([], 'gone', 1), 'gone')
})
