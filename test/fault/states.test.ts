import assert from 'node:assert/strict'
import { test } from 'node:test'
import { METRICS } from '@switchboard/contracts/metrics'
import type { JournalRecord } from '@switchboard/testkit/history/records'
import { countStates, STATES } from './states.ts'

const NONE = new Map<string, number>()
const FENCED = 'switchboard_router_fenced_total{service="router"}'
const found = (where: string) => `switchboard_router_duplicates_total{found="${where}",service="router"}`

test('a state of a metric, when it is counted, is what was added between two readings, with its labels alone', () => {
  const before = new Map([[found('memory'), 4]])
  const after = new Map([
    [found('memory'), 9],
    [found('storage'), 2],
    [FENCED, 1],
  ])
  const counts = countStates({ before, after }, [])
  assert.equal(counts.get('duplicate-in-memory'), 5)
  assert.equal(counts.get('duplicate-in-storage'), 2)
  assert.equal(counts.get('fenced'), 1)
  assert.equal(counts.get('router-takeover'), 0)
})

test('a state that clients see, when it is counted, is the number of their records of it', () => {
  const at = { atMs: 1, client: 'p1-1', user: 'u1', room: 'r1', from: 3 }
  const journal: JournalRecord[] = [
    { ...at, type: 'subscribed', how: 'fresh' },
    { ...at, type: 'subscribed', how: 'recovered', gap: 0 },
    { ...at, type: 'subscribed', how: 'recovered', gap: 2 },
    { ...at, type: 'subscribed', how: 'reload' },
    { ...at, type: 'connection', state: 'lost', code: 1006 },
    { ...at, type: 'connection', state: 'ended' },
    { ...at, type: 'return', id: 'a', outcome: 'unknown' },
    { ...at, type: 'return', id: 'b', outcome: 'ok', seq: 1 },
  ]
  const counts = countStates({ before: NONE, after: NONE }, journal)
  const seen = Object.fromEntries([...counts].filter(([, count]) => count > 0))
  const expected = { resumed: 2, 'resumed-with-gap': 1, reloaded: 1, 'connection-lost': 1, unanswered: 1 }
  assert.deepEqual(seen, expected)
})

test('every state of a metric, as it is declared, names labels that this metric has', () => {
  for (const [name, kind] of Object.entries(STATES)) {
    if (!('metric' in kind)) continue
    const labels: readonly string[] = METRICS[kind.metric].labels
    const wanted = Object.keys('labels' in kind ? kind.labels : {})
    assert.deepEqual(
      wanted.filter((label) => !labels.includes(label)),
      [],
      name,
    )
    assert.equal(METRICS[kind.metric].type, 'counter', name)
  }
})
