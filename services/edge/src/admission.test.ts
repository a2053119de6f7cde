import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import { parseChannel } from './channel-name.ts'
import { systemClock } from './clock.ts'
import { drain } from './drain.ts'
import { isAllowedOrigin } from './origin.ts'
import { uuid7 } from './uuid7.ts'

test('an origin, then it is exactly on the list, or of this host where there is none', () => {
  const list = ['https://chat.example']
  assert.equal(isAllowedOrigin('https://chat.example', 'edge.example', list), true)
  for (const origin of ['http://chat.example', 'https://chat.example.evil', 'https://chat.example:8443', 'null', '']) {
    assert.equal(isAllowedOrigin(origin, 'edge.example', list), false, origin)
  }
  assert.equal(isAllowedOrigin('https://edge.example', 'edge.example', []), true)
  assert.equal(isAllowedOrigin('https://other.example', 'edge.example', []), false)
  assert.equal(isAllowedOrigin(undefined, 'edge.example', list), true)
})

test('a channel, then its kind and id, or which of them is wrong', () => {
  assert.deepEqual(parseChannel('room:abc'), { kind: 'room', id: 'abc' })
  for (const [channel, code] of [
    ['room:*', 'bad_request'],
    ['room:a:b', 'bad_request'],
    ['Room:a', 'unknown_channel'],
    [':a', 'unknown_channel'],
    ['', 'unknown_channel'],
  ] as const) {
    const parsed = parseChannel(channel)
    assert.deepEqual(isRefusal(parsed) && parsed.code, code, channel)
  }
})

test('ids of commands, then they are UUIDs of version 7 that sort by time', () => {
  const random = new Uint8Array(10).fill(255)
  const ids = [0, 1, 1_700_000_000_000, 1_700_000_000_001].map((now) => uuid7(now, random))
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual([...ids].sort(), ids)
  assert.equal(Number.parseInt((ids[2] ?? '').replaceAll('-', '').slice(0, 12), 16), 1_700_000_000_000)
})

test('connections that are sent away, then each once, and over no longer than allowed', async () => {
  const gaps: number[] = []
  const clock = {
    ...systemClock,
    after: (ms: number, then: () => void) => {
      gaps.push(ms)
      queueMicrotask(then)
      return () => {}
    },
  }
  const all = Array.from({ length: 5_000 }, (_, i) => i)
  const closed: number[] = []
  await drain(all, { secondsMax: 10, clock, close: (i) => closed.push(i) })
  assert.deepEqual(
    [...closed].sort((a, b) => a - b),
    all,
  )
  assert.notDeepEqual(closed.slice(0, 100), all.slice(0, 100))
  const seconds = gaps.reduce((sum, ms) => sum + ms, 0) / 1_000
  assert.ok(seconds > 9 && seconds <= 10, String(seconds))
})
