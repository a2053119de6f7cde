import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskEventSeen } from '@switchboard/testkit/history/records-desk'
import { bandsOf, offersOf } from './desk-figures.ts'

const event = (seq: number, at: number, of: { change: string; id: string; entered_at: number }): DeskEventSeen => ({
  ...{ type: 'conversation.changed', seq, at, from: 'system', cid: `c${seq}`, change: of.change },
  conversation: {
    ...{ conversation: of.id, visitor: 'v', state: 'offered', revision: seq, agent: null },
    ...{ offer: null, priority: 'normal', skill: null, entered_at: of.entered_at, ticket: seq },
  },
})

test('waits for an offer, of conversations that were offered more than once, end with the first offer', () => {
  const figures = offersOf([
    event(1, 1_000, { change: 'entered', id: 'a', entered_at: 1_000 }),
    event(2, 1_200, { change: 'entered', id: 'b', entered_at: 1_200 }),
    event(3, 2_000, { change: 'offered', id: 'a', entered_at: 1_000 }),
    event(4, 3_000, { change: 'expired', id: 'a', entered_at: 1_000 }),
    event(5, 4_000, { change: 'offered', id: 'a', entered_at: 1_000 }),
    event(6, 4_000, { change: 'offered', id: 'b', entered_at: 1_200 }),
  ])
  assert.deepEqual(figures, {
    ...{ conversations: 2, offers: 3, offersPerSecond: 1.5 },
    ...{ firstOfferMsP50: 2_800, firstOfferMsP99: 2_800, firstOfferMsMax: 2_800 },
  })
})

test('work for each event, by how many waited, counts only what lies within a band', () => {
  const samples = [
    { waiting: 5_000, events: 0, cpuMs: 0 },
    { waiting: 4_500, events: 100, cpuMs: 200 },
    { waiting: 3_000, events: 200, cpuMs: 9_000 },
    { waiting: 400, events: 300, cpuMs: 9_100 },
    { waiting: 300, events: 350, cpuMs: 9_200 },
  ]
  const bands = bandsOf(samples, [
    [4_000, 5_000],
    [0, 500],
    [5_001, 9_000],
  ])
  assert.deepEqual(bands, [
    { fromWaiting: 4_000, toWaiting: 5_000, events: 100, cpuMsPerEvent: 2 },
    { fromWaiting: 0, toWaiting: 500, events: 50, cpuMsPerEvent: 2 },
  ])
})
