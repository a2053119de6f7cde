import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Published } from '@switchboard/bus/log'
import type { AnyEvent } from '@switchboard/contracts/events'
import { names } from '@switchboard/contracts/subjects'
import type { RouterEvents } from './events.ts'
import { type Entry, type LogDoor, toLog } from './to-log.ts'

const created: AnyEvent = { type: 'room.created', seq: 1, n: 0, at: 1, from: 'o', cid: 'c', kind: 'group', members: [] }
const entry: Entry = {
  kind: 'room',
  id: 'r1',
  events: [created],
  n: 0,
  epoch: 'e',
  input: { incarnation: 'i', input: 1, floor: 0 },
  expect: 4,
}
const UNKNOWN: Published = { kind: 'unknown', reason: 'no answer' }

type Head = Awaited<ReturnType<LogDoor['head']>>

/** A log whose publishes and heads are told in advance; the last ones are told for ever. */
function start(says: { published: readonly Published[]; heads: readonly (Head | Error)[]; tries?: number }) {
  const partition = new AbortController()
  const ids: string[] = []
  const next = <T>(all: readonly T[], i: number) => all[Math.min(i, all.length - 1)] as T
  let looks = 0
  const door: LogDoor = {
    publish: async ({ messageId }) => next(says.published, ids.push(messageId) - 1),
    head: async () => {
      const head = next(says.heads, looks++)
      if (head instanceof Error) throw head
      return head
    },
    beforeRetry: async (failures) => {
      if (failures + 1 >= (says.tries ?? Number.POSITIVE_INFINITY)) partition.abort()
    },
  }
  const events = { uncertain: () => {} } as unknown as RouterEvents
  const write = toLog({ names: names('t') }, { owner: 'w', events, door })
  return { ids, written: write(entry, partition.signal) }
}

const before: Head = { logSeq: 4, messageId: 'somebody-1' }
const away = Object.assign(new Error('away'), { name: 'TimeoutError' })

test('NATS is away for a hundred tries, then the same publish is tried until there is a word', async () => {
  const heads = [...Array.from({ length: 50 }, () => away), ...Array.from({ length: 50 }, () => before)]
  const published = [...Array.from({ length: 100 }, () => UNKNOWN), { kind: 'stored', seq: 5 } as const]
  const { ids, written } = start({ published, heads })
  assert.deepEqual(await written, { kind: 'stored', logSeq: 5 })
  assert.deepEqual([ids.length, new Set(ids).size], [101, 1])
})

test('an answer is lost and the entry lies there, then it is known by its id', async () => {
  const { ids, written } = start({ published: [UNKNOWN], heads: [away, { logSeq: 7, messageId: 'w-1' }] })
  assert.deepEqual([await written, ids.length], [{ kind: 'stored', logSeq: 7 }, 2])
})

test('somebody else has written, then it is fenced, whether the answer came or not', async () => {
  const other = { logSeq: 9, messageId: 'other-1' }
  for (const published of [UNKNOWN, { kind: 'conflict' } as const])
    assert.deepEqual(await start({ published: [published], heads: [other] }).written, { kind: 'fenced' })
})

test('the partition is given up meanwhile, then nobody knows', async () => {
  const { ids, written } = start({ published: [UNKNOWN], heads: [before], tries: 3 })
  assert.deepEqual([await written, ids.length], [{ kind: 'unknown' }, 3])
})
