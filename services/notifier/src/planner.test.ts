import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Recipient } from '@switchboard/contracts/push-queries'
import type { Device } from '@switchboard/contracts/records'
import { type PlanInput, plan, pushWords, strangers } from './planner.ts'

const phone: Device = {
  device: 'phone',
  user: 'bob',
  provider: 'apns',
  target: { token: 'ab'.repeat(32) },
  registered_at: 1,
}
const tablet: Device = { ...phone, device: 'tablet', provider: 'fcm', target: { token: 'token-of-tablet' } }
const bob: Recipient = {
  user: 'bob',
  role: 'member',
  read: 6,
  read_n: 5,
  muted: false,
  badge: 2,
  devices: [phone, tablet],
}
const event = { type: 'message' as const, seq: 7, n: 6, at: 1_000, from: 'alice', cid: 'c', text: 'Hello' }
const base: PlanInput = {
  room: 'lobby',
  title: 'Lobby',
  kind: 'group',
  event,
  logSeq: 70,
  fromName: 'Alice',
  recipients: [bob],
  large: false,
  providers: new Set(['apns', 'fcm'] as const),
  delayMs: 3_000,
}
const reasons = (input: PlanInput) => plan(input).skips.map(({ user, reason }) => [user, reason])

test('a member who is away is told on every device, after the delay', () => {
  const { pushes, skips } = plan(base)
  assert.deepEqual(skips, [])
  assert.deepEqual(
    pushes.map(({ device }) => device.device),
    ['phone', 'tablet'],
  )
  assert.deepEqual(pushes[0], {
    room: 'lobby',
    room_title: 'Lobby',
    room_kind: 'group',
    seq: 7,
    log_seq: 70,
    at: 1_000,
    due_at: 4_000,
    from: 'alice',
    from_name: 'Alice',
    text: 'Hello',
    user: 'bob',
    badge: 2,
    device: phone,
  })
})

const rows: readonly (readonly [string, Partial<PlanInput>])[] = [
  ['sender', { event: { ...event, from: 'bob' } }],
  ['muted', { recipients: [{ ...bob, muted: true }] }],
  ['already-read', { recipients: [{ ...bob, read: 7 }] }],
  ['mention-only', { large: true }],
  ['no-device', { recipients: [{ ...bob, devices: [] }] }],
]
for (const [reason, change] of rows) {
  test(`nobody is told when: ${reason}`, () => {
    const input = { ...base, ...change }
    assert.deepEqual(plan(input).pushes, [])
    assert.deepEqual(reasons(input), [['bob', reason]])
  })
}

test('a device of a provider that is not configured is skipped by itself', () => {
  const input = { ...base, providers: new Set(['apns'] as const) }
  assert.deepEqual(
    plan(input).pushes.map(({ device }) => device.device),
    ['phone'],
  )
  assert.deepEqual(plan(input).skips, [{ user: 'bob', reason: 'no-sender', device: 'tablet' }])
})

test('in a large room those who are mentioned are told, unless they muted it', () => {
  const carol = { ...bob, user: 'carol', muted: true }
  const input = { ...base, large: true, recipients: [bob, carol], event: { ...event, mentions: ['bob', 'carol'] } }
  assert.deepEqual([...new Set(plan(input).pushes.map(({ user }) => user))], ['bob'])
  assert.deepEqual(reasons(input), [['carol', 'muted']])
})

test('everyone of a page is either told on each device or skipped with one reason', () => {
  const others = ['c', 'd', 'e'].map((user) => ({ ...bob, user, devices: [phone] }))
  const recipients = [bob, ...others].map((each) => (each.user === 'd' ? { ...each, muted: true } : each))
  const { pushes, skips } = plan({ ...base, recipients })
  assert.deepEqual(
    pushes.map(({ user }) => user),
    ['bob', 'bob', 'c', 'e'],
  )
  assert.deepEqual(skips, [{ user: 'd', reason: 'muted' }])
})

test('a mention of somebody outside the room is recorded', () => {
  const skips = strangers({ ...event, mentions: ['bob', 'mallory', 'alice'] }, new Set(['bob']))
  assert.deepEqual(skips, [{ user: 'mallory', reason: 'not-member' }])
})

test('a direct message is titled with its sender, any other with its room', () => {
  const record = plan(base).pushes[0]
  assert.ok(record)
  assert.deepEqual(pushWords(record), { title: 'Lobby', body: 'Alice: Hello' })
  assert.deepEqual(pushWords({ ...record, room_kind: 'direct' }), { title: 'Alice', body: 'Hello' })
  assert.deepEqual(pushWords({ ...record, room_title: null }), { title: 'Alice', body: 'Hello' })
})
