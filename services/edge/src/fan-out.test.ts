import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, systemClock } from './clock.ts'
import { jsonCodec } from './codec-json.ts'
import { Audience, type Listener } from './fan-out.ts'

const SLICE = 500
const CHANNEL = 'room:r'

/** A clock that stands still but for what the test, or a write, takes; what comes soon is run by hand. */
function handClock() {
  let now = 0
  const soon: (() => void)[] = []
  const later: { at: number; then: () => void }[] = []
  const clock: Clock = {
    ...systemClock,
    steady: () => now,
    soon: (then) => soon.push(then),
    after: (ms, then) => {
      later.push({ at: now + ms, then })
      return () => {}
    },
  }
  const turn = () => {
    for (const then of soon.splice(0)) then()
  }
  const pass = (ms: number) => {
    now += ms
    const due = later.filter(({ at }) => at <= now)
    later.splice(0, later.length, ...later.filter(({ at }) => at > now))
    for (const { then } of due) then()
  }
  const take = (ms: number) => {
    now += ms
  }
  return { clock, turn, pass, take, waits: () => later.map(({ at }) => at - now) }
}

function world() {
  const { clock, take, ...hand } = handClock()
  const calls: string[] = []
  let delivered = 0
  const audience = new Audience(clock, (_format, count) => {
    delivered += count
  })
  const join = (name: string, writeMs = 0) => {
    const note = (call: string) => (frame: Uint8Array) => {
      take(writeMs)
      calls.push(
        `${name} ${call} ${
          Buffer.from(frame)
            .toString()
            .match(/"seq":(\d+)/)?.[1] ?? 'signal'
        }`,
      )
    }
    const listener: Listener = {
      user: name,
      codec: jsonCodec,
      position: 0,
      since: 0,
      send: note('send'),
      sendNow: note('sendNow'),
      signal: note('signal'),
      hold: () => calls.push(`${name} hold`),
      release: () => calls.push(`${name} release`),
      ended: (why) => calls.push(`${name} ${why}`),
    }
    audience.add(listener)
    return listener
  }
  const entry = (seq: number, gone: readonly string[] = []) => {
    const payload = Buffer.from(`{"push":{"channel":"${CHANNEL}","pub":{"data":{"seq":${seq}},"offset":${seq}}}}`)
    audience.entry(CHANNEL, { first: seq, last: seq, gone, payload })
  }
  const signal = () => audience.signal(CHANNEL, Buffer.from(`{"push":{"channel":"${CHANNEL}","pub":{"data":{}}}}`))
  const of = (name: string) =>
    calls.filter((call) => call.startsWith(`${name} `)).map((call) => call.slice(name.length + 1))
  return { ...hand, audience, join, entry, signal, of, delivered: () => delivered }
}

/** A crowd of which the first and the last are watched; each write of the first takes `writeMs`. */
function crowd(writeMs = 0) {
  const made = world()
  made.join('first', writeMs)
  for (let i = 0; i < SLICE; i += 1) made.join('other')
  made.join('last')
  return made
}

test('a few listeners: what goes to them leaves with whatever else the turn brings', () => {
  const { join, entry, of } = world()
  join('only')
  entry(1)
  entry(2)
  assert.deepEqual(of('only'), ['send 1', 'send 2'])
})

test('a crowd: one entry is handed to the kernel socket by socket, the next slice after other work', () => {
  const { entry, turn, of, delivered } = crowd()
  entry(1)
  assert.deepEqual([of('first'), of('last')], [['sendNow 1'], []])
  turn()
  assert.deepEqual(of('last'), ['sendNow 1'])
  assert.equal(delivered(), SLICE + 2)
})

test('a crowd: what comes while it is written to goes out together, after a rest twice as long as that took', () => {
  const { entry, signal, turn, pass, waits, of } = crowd(8)
  entry(1)
  entry(2)
  signal()
  turn()
  entry(3)
  assert.deepEqual([of('last'), waits()], [['sendNow 1'], [16]])
  pass(16)
  turn()
  const together = ['hold', 'send 2', 'signal signal', 'send 3', 'release']
  assert.deepEqual([of('first').slice(1), of('last').slice(1)], [together, together])
})

test('a crowd: an entry that comes within the rest waits for its end, and no longer than the longest rest', () => {
  const { entry, turn, pass, waits, of } = crowd(1_000)
  entry(1)
  entry(2)
  turn()
  assert.deepEqual(waits(), [20])
  pass(5)
  entry(3)
  assert.deepEqual(of('first'), ['sendNow 1'])
  pass(15)
  turn()
  assert.deepEqual(of('last').slice(1), ['hold', 'send 2', 'send 3', 'release'])
})

test('a crowd: entries that come no faster than they can be written one by one are written at once', () => {
  const { entry, turn, pass, waits, of } = crowd(8)
  for (const seq of [1, 2, 3]) {
    entry(seq)
    turn()
    pass(3)
  }
  assert.deepEqual([of('last'), waits()], [['sendNow 1', 'sendNow 2', 'sendNow 3'], []])
})

test('a crowd at rest: whoever is removed by an entry is given it and nothing after it', () => {
  const { entry, turn, pass, of } = crowd(1)
  entry(1)
  entry(2, ['last'])
  entry(3)
  turn()
  pass(2)
  turn()
  assert.deepEqual(of('last'), ['sendNow 1', 'hold', 'send 2', 'removed', 'release'])
})

test('a crowd that all leaves while an entry waits: nothing is written, and later entries are', () => {
  const { audience, entry, turn, pass, join, of } = crowd(1)
  entry(1)
  entry(2)
  turn()
  audience.endAll('removed')
  pass(2)
  const late = join('late')
  late.position = 2
  entry(3)
  assert.deepEqual(of('late'), ['send 3'])
})
