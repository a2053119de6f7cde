import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Recipient } from '@switchboard/contracts/push-queries'
import type { Device } from '@switchboard/contracts/records'
import fc from 'fast-check'
import { type PlanInput, plan, type SkipReason, strangers } from './planner.ts'

const SEQ = 7
const PROVIDERS = ['apns', 'fcm', 'webpush'] as const

/** What may be true of a person and a message. */
interface Case {
  readonly isAuthor: boolean
  readonly isMuted: boolean
  readonly hasRead: boolean
  readonly isLarge: boolean
  readonly isMentioned: boolean
  readonly hasDevice: boolean
}

/** The rules, from the top: the first row whose facts are all so is the answer. `told` is the only row that gives pushes. */
const RULES: readonly (readonly [answer: SkipReason | 'told', facts: Partial<Case>])[] = [
  ['sender', { isAuthor: true }],
  ['muted', { isMuted: true }],
  ['already-read', { hasRead: true }],
  ['mention-only', { isLarge: true, isMentioned: false }],
  ['no-device', { hasDevice: false }],
  ['told', {}],
]

function answerOf(one: Case): SkipReason | 'told' {
  const holds = (facts: Partial<Case>) => Object.entries(facts).every(([name, is]) => one[name as keyof Case] === is)
  const row = RULES.find(([, facts]) => holds(facts))
  assert.ok(row)
  return row[0]
}

const FACTS = ['isAuthor', 'isMuted', 'hasRead', 'isLarge', 'isMentioned', 'hasDevice'] as const
const CASES = Array.from({ length: 2 ** FACTS.length }, (_, bits) =>
  Object.fromEntries(FACTS.map((fact, i) => [fact, (bits & (1 << i)) > 0])),
) as unknown as readonly Case[]

const device = (user: string, provider: Device['provider'], name: string): Device => ({
  device: name,
  user,
  provider,
  target: { token: 'ab'.repeat(32) },
  registered_at: 1,
})

const recipient = (user: string, fields: Partial<Recipient> = {}): Recipient => ({
  user,
  role: 'member',
  read: 0,
  read_n: 0,
  muted: false,
  badge: 1,
  devices: [device(user, 'apns', 'phone')],
  ...fields,
})

const input = (fields: Partial<PlanInput>): PlanInput => ({
  room: 'lobby',
  title: 'Lobby',
  kind: 'group',
  logSeq: 10 * SEQ,
  event: { type: 'message', seq: SEQ, n: 6, at: 1_000, from: 'alice', cid: 'c', text: 'Hello' },
  fromName: 'Alice',
  recipients: [],
  large: false,
  providers: new Set(PROVIDERS),
  delayMs: 3_000,
  ...fields,
})

function inputOf(one: Case): PlanInput {
  const { event } = input({})
  return input({
    event: {
      ...event,
      from: one.isAuthor ? 'bob' : 'alice',
      mentions: one.isMentioned ? ['carol', 'bob'] : ['carol'],
    },
    large: one.isLarge,
    recipients: [
      recipient('bob', {
        muted: one.isMuted,
        read: one.hasRead ? SEQ : SEQ - 1,
        devices: one.hasDevice ? [device('bob', 'apns', 'phone')] : [],
      }),
    ],
  })
}

test('every combination of what may be true of a person, then told or not for the reason of the first rule that holds', () => {
  const seen = new Set<string>()
  for (const one of CASES) {
    const answer = answerOf(one)
    seen.add(answer)
    const { pushes, skips } = plan(inputOf(one))
    const expected = answer === 'told' ? { pushes: ['bob'], skips: [] } : { pushes: [], skips: [answer] }
    assert.deepEqual(
      { pushes: pushes.map(({ user }) => user), skips: skips.map(({ reason }) => reason) },
      expected,
      JSON.stringify(one),
    )
  }
  assert.equal(seen.size, RULES.length, 'a rule is never the first that holds')
})

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'] as const
const name: fc.Arbitrary<string> = fc.constantFrom(...NAMES)
const person = fc
  .record({
    user: name,
    muted: fc.boolean(),
    read: fc.integer({ min: SEQ - 2, max: SEQ + 2 }),
    badge: fc.nat(9),
    providers: fc.array(fc.constantFrom(...PROVIDERS), { maxLength: 4 }),
  })
  .map(({ providers, ...fields }) =>
    recipient(fields.user, {
      ...fields,
      devices: providers.map((provider, i) => device(fields.user, provider, `d${i}`)),
    }),
  )
const asked = fc.record({
  recipients: fc.uniqueArray(person, { selector: ({ user }) => user }),
  from: name,
  mentions: fc.option(fc.uniqueArray(name), { nil: undefined }),
  large: fc.boolean(),
  providers: fc.subarray([...PROVIDERS]),
  delayMs: fc.nat(10_000),
})

test('any page of members, then each device of each is pushed to or has one reason, and nobody else is named', () => {
  fc.assert(
    fc.property(asked, ({ recipients, from, mentions, large, providers, delayMs }) => {
      const event = { ...input({}).event, from, ...(mentions && { mentions }) }
      const { pushes, skips } = plan(input({ event, recipients, large, providers: new Set(providers), delayMs }))
      const outcomes = new Map<string, string[]>()
      const note = (key: string, outcome: string) => outcomes.set(key, [...(outcomes.get(key) ?? []), outcome])
      for (const push of pushes) {
        note(`${push.user} ${push.device.device}`, 'told')
        assert.equal(push.device.user, push.user, 'a push goes to somebody else’s device')
        assert.deepEqual([push.seq, push.from, push.text, push.due_at], [SEQ, from, 'Hello', 1_000 + delayMs])
      }
      for (const skip of skips) note(skip.device ? `${skip.user} ${skip.device}` : `${skip.user}`, skip.reason)
      const expected = new Map<string, string[]>()
      for (const { user, muted, read, devices } of recipients) {
        const isMentioned = mentions?.includes(user) === true
        const facts = { isAuthor: user === from, isMuted: muted, hasRead: read >= SEQ, isLarge: large, isMentioned }
        const answer = answerOf({ ...facts, hasDevice: devices.length > 0 })
        if (answer !== 'told') expected.set(user, [answer])
        else
          for (const one of devices)
            expected.set(`${user} ${one.device}`, [providers.includes(one.provider) ? 'told' : 'no-sender'])
      }
      assert.deepEqual(outcomes, expected)
      for (const push of pushes) assert.equal(push.badge, recipients.find(({ user }) => user === push.user)?.badge)
    }),
    { numRuns: 300 },
  )
})

test('people of a message, whether members or not, then whoever is mentioned is told, or has a reason', () => {
  fc.assert(
    fc.property(asked, ({ recipients, from, mentions, large, providers }) => {
      const event = { ...input({}).event, from, ...(mentions && { mentions }) }
      const { pushes, skips } = plan(input({ event, recipients, large, providers: new Set(providers) }))
      const outside = strangers(event, new Set(recipients.map(({ user }) => user)))
      const accounted = new Set([...pushes, ...skips, ...outside].map(({ user }) => user))
      for (const user of mentions ?? []) assert.ok(accounted.has(user) || user === from, `${user} has no reason`)
      assert.ok(outside.every(({ user, reason }) => user !== from && reason === 'not-member'))
      const members = new Set<string | undefined>(recipients.map(({ user }) => user))
      assert.ok(!outside.some(({ user }) => members.has(user)), 'a member is called a stranger')
    }),
    { numRuns: 300 },
  )
})
