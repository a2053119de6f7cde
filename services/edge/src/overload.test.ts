import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { addressKey } from './address.ts'
import { Admission } from './admission.ts'
import { systemClock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import { Outboxes, type Waits } from './outbox.ts'

function admitting() {
  const strain = {
    isDraining: false,
    connections: 0,
    unauthenticated: 0,
    addressed: 0,
    unauthenticatedOf: () => strain.addressed,
    outboxBytes: 0,
    loopLagMs: 0,
    natsAwayMs: 0,
  }
  const time = { now: 0, dice: 0 }
  const causes: string[] = []
  const events = {
    admissionRefused: (way: string, cause: string) => causes.push(`${way} ${cause}`),
    apiRequests: () => {},
  } as unknown as EdgeEvents
  const clock = { ...systemClock, steady: () => time.now, random: () => time.dice }
  return { admission: new Admission(strain, { clock, events }), strain, time, causes }
}

const cases = [
  ['isDraining', true, 'draining', null],
  ['natsAwayMs', MAX.natsAwayMs, 'nats', 'nats'],
  ['loopLagMs', MAX.loopLagMs, 'lag', 'lag'],
  ['outboxBytes', MAX.outboxProcessBytes, 'outbox', 'outbox'],
  ['connections', MAX.connections - 1, 'full', null],
  ['unauthenticated', MAX.unauthenticated - 1, 'crowded', null],
  ['addressed', MAX.addressUnauthenticated - 1, 'address', null],
] as const

for (const [what, most, connection, request] of cases) {
  test(`${what} past its bound, then refused as ${connection}; up to it, then taken`, () => {
    const { admission, strain, causes } = admitting()
    if (typeof most === 'number') {
      Object.assign(strain, { [what]: most })
      assert.equal(admission.connection('a'), null)
      assert.equal(admission.request(), null)
    }
    Object.assign(strain, { [what]: most === true ? true : most + 1 })
    assert.equal(isRefusal(admission.connection('a')), true)
    assert.equal(isRefusal(admission.request()), request !== null)
    assert.deepEqual(causes, [`connection ${connection}`, ...(request === null ? [] : [`request ${request}`])])
  })
}

test('connections faster than an edge takes them, then refused, and taken again as time passes', () => {
  const { admission, time, causes } = admitting()
  for (let i = 0; i < MAX.connectsBurst; i += 1) assert.equal(admission.connection('a'), null)
  assert.equal(admission.connection('a')?.code, 'unavailable')
  assert.deepEqual(causes, ['connection storm'])
  time.now += 1_000
  for (let i = 0; i < MAX.connectsPerSecond; i += 1) assert.equal(admission.connection('a'), null)
  assert.notEqual(admission.connection('a'), null)
})

test('requests that are being answered, then so many and no more, and one that is done makes place', () => {
  const { admission, causes } = admitting()
  for (let i = 0; i < MAX.apiInFlight; i += 1) assert.equal(admission.request(), null)
  assert.equal(admission.request()?.code, 'unavailable')
  admission.requestDone()
  assert.equal(admission.request(), null)
  assert.deepEqual(causes, ['request requests'])
})

test('those who are refused together, then they are asked back at different times, none at once', () => {
  const { admission, strain, time } = admitting()
  strain.isDraining = true
  const times = [0, 0.25, 0.5, 0.999].map((dice) => {
    time.dice = dice
    return admission.connection('a')?.after_ms ?? 0
  })
  assert.deepEqual(times, [1_000, 2_000, 3_000, 4_996])
})

test('addresses, then what one household has is one, and others are others', () => {
  assert.equal(addressKey('10.0.0.1'), '10.0.0.1')
  assert.equal(addressKey('::ffff:10.0.0.1'), '10.0.0.1')
  assert.equal(addressKey('2001:db8:0:1::1'), '2001:db8:0:1::/64')
  assert.equal(addressKey('2001:DB8::1:ffff:1:2:3'), '2001:db8:0:1::/64')
  assert.equal(addressKey('2001:db8::1'), '2001:db8:0:0::/64')
  assert.equal(addressKey('2001:0db8:0000:0002:a:b:c:d'), '2001:db8:0:2::/64')
  assert.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64')
  assert.equal(addressKey('::1'), '0:0:0:0::/64')
  assert.equal(addressKey('unknown'), 'unknown')
})

function outboxes() {
  let sweep = () => {}
  const clock = {
    ...systemClock,
    every: (_ms: number, then: () => void) => {
      sweep = then
      return () => {}
    },
  }
  const said: [bytes: number, connections: number][] = []
  const events = { outbox: (bytes: number, count: number) => said.push([bytes, count]) } as unknown as EdgeEvents
  const all = new Outboxes(clock, events)
  const waiting = (waitingBytes: number) => {
    const link = { waitingBytes, sentBytes: 0, cut: '', slow: (cause: string) => Object.assign(link, { cut: cause }) }
    all.watch(link satisfies Waits)
    return link
  }
  const pass = (ms: number) => {
    for (let i = 0; i < ms; i += 250) sweep()
  }
  return { all, waiting, pass, said }
}

test('bytes that wait and none that leave, then cut after its time; progress however slow, then not', () => {
  const { waiting, pass, said } = outboxes()
  const [stuck, moving] = [waiting(10), waiting(20)]
  pass(MAX.outboxStallMs - 250)
  assert.deepEqual([stuck.cut, said.at(-1)], ['', [30, 2]])
  moving.sentBytes += 1
  pass(250)
  assert.deepEqual([stuck.cut, moving.cut, said.at(-1)], ['stalled', '', [20, 1]])
  moving.waitingBytes = 0
  pass(250)
  assert.deepEqual(said.at(-1), [0, 0])
})

test('more waits than an edge may hold, then the fullest are cut, as many as are needed', () => {
  const { all, waiting, pass } = outboxes()
  const each = MAX.outboxProcessBytes / 4
  const links = [each, each * 2, each - 1, each * 3].map(waiting)
  pass(250)
  assert.deepEqual(
    links.map(({ cut }) => cut),
    ['', '', '', 'shed'],
  )
  assert.ok(all.bytes <= MAX.outboxProcessBytes)
})
