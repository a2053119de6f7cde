import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gatherer } from './gathering.ts'

/** A gatherer whose time and event loop are the test's. */
function stage() {
  const written: string[] = []
  const soon: (() => void)[] = []
  const later: (() => void)[] = []
  const time = { nowMs: 1_000 }
  const gatherer = new Gatherer({
    write: (frame) => written.push(Buffer.from(frame).toString()),
    nowMs: () => time.nowMs,
    soon: (flush) => soon.push(flush),
    later: (flush) => later.push(flush),
  })
  const run = (waiting: (() => void)[]) => {
    for (const flush of waiting.splice(0)) flush()
  }
  return {
    written,
    time,
    add: (text: string) => gatherer.add(Buffer.from(text)),
    flush: gatherer.flush,
    turn: () => run(soon),
    wait: () => run(later),
  }
}

test('a frame after a pause, then it is written when the loop has been through, with all that came meanwhile', () => {
  const { add, turn, written } = stage()
  add('a')
  add('b')
  assert.deepEqual(written, [])
  turn()
  assert.deepEqual(written, ['ab'])
})

test('frames close behind a write, then they wait for each other, in order', () => {
  const { add, turn, wait, written, time } = stage()
  add('a')
  turn()
  time.nowMs += 0.3
  add('b')
  turn()
  add('c')
  assert.deepEqual(written, ['a'])
  wait()
  assert.deepEqual(written, ['a', 'bc'])
  time.nowMs += 5
  add('d')
  turn()
  assert.deepEqual(written, ['a', 'bc', 'd'])
})

test('more than is worth waiting for, then it is written at once, and nothing twice', () => {
  const { add, turn, written } = stage()
  add('a')
  add('b'.repeat(65_536))
  assert.deepEqual(
    written.map((text) => text.length),
    [65_537],
  )
  turn()
  assert.equal(written.length, 1)
})

test('the connection is closed, then what waits is written first', () => {
  const { add, flush, turn, written } = stage()
  add('a')
  flush()
  turn()
  assert.deepEqual(written, ['a'])
})
