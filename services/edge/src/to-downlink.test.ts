import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { systemClock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import { Outboxes } from './outbox.ts'
import { Downlink, Flusher, type Wire } from './to-downlink.ts'

/** A wire whose kernel takes nothing until told, and that writes down what it was asked. */
function fakeWire() {
  const calls: string[] = []
  const state = { waiting: 0 }
  const wire: Wire = {
    transport: 'websocket',
    address: '',
    write: (frame) => {
      state.waiting += frame.byteLength
      calls.push(`write ${frame.byteLength}`)
    },
    cork: () => calls.push('cork'),
    uncork: () => calls.push('uncork'),
    shun: (code) => calls.push(`shun ${code}`),
    close: (code) => calls.push(`close ${code}`),
    terminate: () => calls.push('terminate'),
    get waitingBytes() {
      return state.waiting
    },
    sentBytes: 0,
  }
  return { wire, calls, state }
}

function fakeLink() {
  const soon: (() => void)[] = []
  const later: number[] = []
  const clock = {
    ...systemClock,
    now: () => 0,
    steady: () => 0,
    soon: (then: () => void) => soon.push(then),
    after: (ms: number, then: () => void) => {
      later.push(ms)
      soon.push(then)
      return () => {}
    },
  }
  let dropped = 0
  const events = {
    signalDropped: () => {
      dropped += 1
    },
    slow: () => {},
    outbox: () => {},
  } as unknown as EdgeEvents
  const flusher = new Flusher(clock)
  const outboxes = new Outboxes({ ...clock, every: () => () => {} }, events)
  const make = () => {
    const fake = fakeWire()
    let slow = 0
    const tooSlow = () => {
      slow += 1
      link.close('slow')
    }
    const link = new Downlink(fake.wire, { flusher, outboxes, events, tooSlow })
    return { ...fake, link, slow: () => slow }
  }
  const turn = () => {
    for (const then of soon.splice(0)) then()
  }
  return { make, turn, later, dropped: () => dropped }
}

const bytes = (count: number) => new Uint8Array(count)

test('several frames in one turn, then they leave together at its end', () => {
  const { make, turn } = fakeLink()
  const { link, calls } = make()
  link.send(bytes(1))
  link.send(bytes(2))
  assert.deepEqual(calls, ['cork', 'write 1', 'write 2'])
  turn()
  link.send(bytes(3))
  turn()
  assert.deepEqual(calls.slice(3), ['uncork', 'cork', 'write 3', 'uncork'])
})

test('many sockets at once and then others, then nothing is gathered', () => {
  const { make, turn, later } = fakeLink()
  const links = Array.from({ length: 200 }, () => make().link)
  for (const link of links.slice(0, 100)) link.send(bytes(1))
  turn()
  for (const link of links.slice(100)) link.send(bytes(1))
  assert.deepEqual(later, [])
})

test('many sockets at once, again and again, then writes are gathered; a few, then never', () => {
  const { make, turn, later } = fakeLink()
  const links = Array.from({ length: 100 }, () => make().link)
  links[0]?.send(bytes(1))
  turn()
  assert.deepEqual(later, [])
  for (const link of links) link.send(bytes(1))
  turn()
  links[0]?.send(bytes(1))
  assert.deepEqual(later, [5])
  turn()
  links[0]?.send(bytes(1))
  assert.deepEqual(later, [5])
})

test('more waits than a connection may hold, then it is cut at once and given nothing more', () => {
  const { make } = fakeLink()
  const { link, calls, slow } = make()
  link.send(bytes(MAX.outboxBytes))
  assert.equal(slow(), 0)
  link.send(bytes(1))
  assert.equal(slow(), 1)
  link.send(bytes(1))
  assert.deepEqual(calls.slice(-3), ['write 1', 'uncork', 'terminate'])
})

test('much waits, then signals are dropped and events are not', () => {
  const { make, dropped } = fakeLink()
  const { link, calls, state } = make()
  state.waiting = MAX.signalOutboxBytes + 1
  link.signal(bytes(7))
  link.send(bytes(8))
  assert.deepEqual([dropped(), calls], [1, ['cork', 'write 8']])
  state.waiting = 0
  link.signal(bytes(7))
  assert.equal(calls.at(-1), 'write 7')
})

test('a connection that is closed, then what was sent before leaves before the code', () => {
  const { make } = fakeLink()
  const { link, calls } = make()
  link.send(bytes(1))
  link.close('shutdown')
  link.close('internal')
  assert.deepEqual(calls, ['cork', 'write 1', 'uncork', 'close 3001'])
})

test('what is sent now, then the kernel has it at once, with what waited', () => {
  const { make, turn } = fakeLink()
  const { link, calls } = make()
  link.sendNow(bytes(1))
  assert.deepEqual(calls, ['write 1'])
  link.send(bytes(2))
  link.sendNow(bytes(3))
  const together = ['write 1', 'cork', 'write 2', 'write 3', 'uncork']
  assert.deepEqual(calls, together)
  turn()
  assert.deepEqual(calls, together)
})

test('what is sent between hold and release leaves together, and a socket that takes nothing is cut', () => {
  const { make, turn } = fakeLink()
  const { link, calls, slow } = make()
  link.hold()
  link.send(bytes(1))
  link.send(bytes(2))
  link.release()
  assert.deepEqual(calls, ['cork', 'write 1', 'write 2', 'uncork'])
  turn()
  link.sendNow(bytes(MAX.outboxBytes))
  assert.equal(slow(), 1)
})
