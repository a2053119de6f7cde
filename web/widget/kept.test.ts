import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptIn } from './kept.ts'

function store() {
  const values = new Map<string, string>()
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  }
}

test('what a visitor was on one page, then they are on the next one, in this tab open and in others not', () => {
  const [lasting, tab, other] = [store(), store(), store()]
  const first = keptIn({ lasting: () => lasting, tab: () => tab }, 'https://chat.example support')
  first.identify('token')
  first.active(true)
  first.open(true)
  const next = keptIn({ lasting: () => lasting, tab: () => tab }, 'https://chat.example support')
  assert.deepEqual([next.identity(), next.wasActive(), next.wasOpen()], ['token', true, true])
  const elsewhere = keptIn({ lasting: () => lasting, tab: () => other }, 'https://chat.example support')
  assert.deepEqual([elsewhere.identity(), elsewhere.wasActive(), elsewhere.wasOpen()], ['token', true, false])
  first.active(false)
  assert.equal(next.wasActive(), false)
})

test('two desks on one page, then each has a visitor of its own', () => {
  const [lasting, tab] = [store(), store()]
  keptIn({ lasting: () => lasting, tab: () => tab }, 'https://chat.example sales').identify('one')
  assert.equal(keptIn({ lasting: () => lasting, tab: () => tab }, 'https://chat.example support').identity(), undefined)
})

test('a browser that keeps nothing, then nothing breaks', () => {
  const refusing = () => {
    throw new Error('SecurityError')
  }
  const kept = keptIn({ lasting: refusing, tab: refusing }, 'x')
  kept.identify('token')
  kept.open(true)
  assert.deepEqual([kept.identity(), kept.wasActive(), kept.wasOpen()], [undefined, false, false])
})
