import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CannedReply } from '@switchboard/contracts/desk-people'
import fc from 'fast-check'
import { actionWords, blankIn, filled, matching, stepsOf, wantedReply } from './replies.ts'

const reply = (title: string, more: Partial<CannedReply> = {}): CannedReply => ({
  reply: title.toLowerCase().replaceAll(' ', '-'),
  title,
  text: `text of ${title}`,
  ...more,
})
const titles = (replies: readonly CannedReply[]) => replies.map(({ title }) => title)

test('a text that begins with a slash, then what stands behind it is looked for; any other is a text', () => {
  assert.deepEqual(['/', '/late par', 'a/b', '', '/etc\nis'].map(wantedReply), ['', 'late par', null, null, null])
})

test('words that are looked for, then the shortcut comes first, then how it begins, then what has them somewhere', () => {
  const all = [
    reply('Parcel is late', { text: 'sorry', shortcut: 'late' }),
    reply('Late refund'),
    reply('Greeting', { text: 'it is never too late' }),
    reply('Bye'),
  ]
  assert.deepEqual(titles(matching(all, 'LATE')), ['Parcel is late', 'Late refund', 'Greeting'])
  assert.deepEqual(titles(matching(all, 'is late')), ['Greeting', 'Parcel is late'])
  assert.deepEqual(titles(matching(all, 'nothing')), [])
  assert.equal(
    matching(
      Array.from({ length: 40 }, (_, i) => reply(`r${i}`)),
      '',
    ).length,
    8,
  )
})

test('placeholders, then what is known is filled in, and the first that is not is where one writes', () => {
  const text = filled('Hello {{ visitor.name }}, {{agent.name}} here: {{order}}', {
    'visitor.name': 'Vera $& {{x}}',
    'agent.name': 'Ann',
  })
  assert.equal(text, 'Hello Vera $& {{x}}, Ann here: {{order}}')
  assert.deepEqual(blankIn('see {{order}}, {{x}}'), { from: 4, to: 13 })
  assert.equal(blankIn('all is said'), null)
  assert.equal(filled('{{constructor}}', {}), '{{constructor}}')
})

test('any text without placeholders, then it is sent as it is', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.includes('{{'))
      assert.equal(filled(text, { 'visitor.name': 'x' }), text)
    }),
  )
})

test('a macro, then its steps are in order, tags are added to those there are, and one step ends it', () => {
  const actions = { tags: ['late', 'vip'], priority: 'high', close: true, snooze_seconds: 60 } as const
  assert.deepEqual(stepsOf({ ...actions, tags: [...actions.tags] }, { tags: ['vip'] }, 5), [
    { method: 'desk.tag', rest: { tags: ['vip', 'late'] } },
    { method: 'desk.priority', rest: { priority: 'high' } },
    { method: 'desk.close', rest: {} },
  ])
  assert.deepEqual(stepsOf({ tags: ['vip'], snooze_seconds: 60 }, { tags: ['vip'] }, 5), [
    { method: 'desk.snooze', rest: { until: 60_005 } },
  ])
  assert.deepEqual(
    actionWords({ tags: ['vip'], transfer: { agent: 'ann' } }, () => 'Ann'),
    ['tag “vip”', 'hand on to Ann'],
  )
  assert.deepEqual(actionWords({ snooze_seconds: 600 }, String), ['snooze for 10 min'])
})
