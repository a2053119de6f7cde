import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import type { Publication } from '@switchboard/contracts/protocol'
import type { Feed } from './feed.ts'
import type { Archive } from './log-source.ts'
import { type Position, Recovery, type RecoveryParts } from './recovery.ts'

const events = (from: number, to: number): Publication[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => ({ offset: from + i, data: new Uint8Array(10) }))

/** A feed that only knows its head, its epoch and what it holds in memory. */
function feedAt(head: number, oldest = head + 1) {
  const state = { head, oldest, epoch: 'e' }
  const feed = {
    get head() {
      return state.head
    },
    get oldest() {
      return state.oldest
    },
    get epoch() {
      return state.epoch
    },
    since: (offset: number) =>
      offset >= state.head ? [] : offset < state.oldest - 1 ? null : events(offset + 1, state.head),
    remember: () => {},
  } as unknown as Feed
  return { feed, state }
}

async function recover(feed: Feed, position: Position, more: Partial<RecoveryParts> & { bytes?: number } = {}) {
  const archive: Archive = { head: async () => 0, events: async (_entity, after, upTo) => events(after + 1, upTo) }
  const recovery = new Recovery(feed, position, { archive, catchUp: async () => {}, recovered: () => {}, ...more })
  await recovery.prepare()
  return () => recovery.finish({ bytes: more.bytes ?? MAX.recoverBytes })
}

test('the feed goes on while a gap is fetched, then the reply reaches to its head all the same', async () => {
  const { feed, state } = feedAt(10)
  const finish = await recover(feed, { recover: true, offset: 4, epoch: 'e' })
  state.oldest = 11
  state.head = 13
  assert.deepEqual(finish().publications, events(5, 13))
})

test('the feed runs away while a gap is fetched, then told to reload', async () => {
  const { feed, state } = feedAt(10)
  const finish = await recover(feed, { recover: true, offset: 4, epoch: 'e' })
  state.head = 40
  state.oldest = 30
  assert.deepEqual(finish(), { recoverable: true, positioned: true, epoch: 'e', offset: 40, was_recovering: true })
})

test('a client that has seen more than this edge, then the edge catches up first', async () => {
  const { feed, state } = feedAt(10)
  const catchUp = async () => {
    state.head = 12
  }
  const finish = await recover(feed, { recover: true, offset: 12, epoch: 'e' }, { catchUp })
  assert.deepEqual([finish().recovered, finish().publications], [true, []])
})

test('an empty epoch, then any will do; another one, then told to reload', async () => {
  const { feed } = feedAt(3, 1)
  assert.equal((await recover(feed, { recover: true, offset: 1, epoch: '' }))().recovered, true)
  assert.equal((await recover(feed, { recover: true, offset: 1, epoch: 'x' }))().recovered, undefined)
})

test('no wish to recover, then only the position', async () => {
  const { feed } = feedAt(3, 1)
  assert.deepEqual((await recover(feed, { offset: 1 }))(), {
    recoverable: true,
    positioned: true,
    epoch: 'e',
    offset: 3,
  })
})

test('rooms that share a budget, then one that does not fit is reloaded and no part of it comes', async () => {
  const { feed } = feedAt(20, 1)
  assert.equal((await recover(feed, { recover: true, offset: 0 }, { bytes: 199 }))().publications, undefined)
  assert.equal((await recover(feed, { recover: true, offset: 0 }, { bytes: 200 }))().publications?.length, 20)
})
