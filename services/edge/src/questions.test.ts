import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { encodeEntry } from '@switchboard/contracts/entry'
import { refuse } from '@switchboard/contracts/errors'
import type { AnyEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import { createArchive } from './archive.ts'
import { systemClock } from './clock.ts'
import type { LogEntry } from './log-source.ts'
import { type Newest, newestOf } from './newest.ts'
import type { RpcParts } from './rpc.ts'

const eventsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ type: 'message', seq: first + i, text: 'x' }))

/** Storage with events up to `head`, in pages of a hundred. */
function storageOf(head: number, more: { hole?: number; newest?: Newest } = {}) {
  const asked: number[] = []
  const storage = (async (_name: string, { after_seq }: { after_seq: number }) => {
    asked.push(after_seq)
    const events = eventsFrom(after_seq + 1, Math.min(100, head - after_seq)).filter(({ seq }) => seq !== more.hole)
    return { events, head, more: after_seq + 100 < head }
  }) as unknown as RpcParts['storage']
  const newest = more.newest ?? (async () => null)
  return { archive: createArchive({ storage, newest, soon: systemClock.soon }), asked }
}
const room = { kind: 'room', id: 'r', epoch: 'e', head: 300, logSeq: 900 } as const

test('a gap of several pages, then all of it, asked for once though many want it', async () => {
  const { archive, asked } = storageOf(1_000)
  const [first, second] = await Promise.all([archive.events(room, 10, 260), archive.events(room, 10, 260)])
  assert.deepEqual(
    first?.map(({ offset }) => offset),
    Array.from({ length: 250 }, (_, i) => 11 + i),
  )
  assert.equal(first, second)
  assert.deepEqual(asked, [10, 110, 210])
})

test('a gap that just came is not asked for again in the same moment, but later', async () => {
  const { archive, asked } = storageOf(20)
  const first = await archive.events(room, 10, 20)
  assert.equal(await archive.events(room, 10, 20), first)
  assert.deepEqual(asked, [10])
  await setImmediate()
  await archive.events(room, 10, 20)
  assert.deepEqual(asked, [10, 10])
})

test('a gap that is too long, has a hole, or ends too early, then null', async () => {
  assert.equal(await storageOf(5_000).archive.events(room, 0, MAX.recoverEvents + 1), null)
  assert.equal(await storageOf(300, { hole: 150 }).archive.events(room, 0, 200), null)
  assert.equal(await storageOf(150).archive.events(room, 0, 200), null)
})

test('storage that refuses, then the promise rejects: it is no reason to reload', async () => {
  const storage = (async () => refuse('timeout')) as unknown as RpcParts['storage']
  const archive = createArchive({ storage, newest: async () => null, soon: systemClock.soon })
  await assert.rejects(archive.events(room, 0, 5), /timeout/)
  await assert.rejects(archive.head('room', 'r'), /timeout/)
})

/** Entries of two events each up to the head, of which the log holds the newest so many. */
function logOf({ head, held, epoch = 'e', hole = 0 }: { head: number; held: number; epoch?: string; hole?: number }) {
  const all = Array.from({ length: head / 2 }, (_, i) => {
    const events = eventsFrom(2 * i + 1, 2) as unknown as AnyEvent[]
    const range = { first: 2 * i + 1, last: 2 * i + 2, n: 0, epoch }
    return { range, payload: encodeEntry('room:r', events) } as LogEntry
  }).slice(-held)
  return newestOf({
    back: async (_at, after, most) => {
      const entries = all.filter(({ range }) => range.last > after && range.first !== hole)
      return entries.length <= most && (entries[0]?.range.first ?? 0) <= after + 1 ? entries : null
    },
  })
}
const seqsOf = (events: readonly { offset: number }[] | null) => events?.map(({ offset }) => offset)

test('a short gap at the head, then exactly its events come from the log, and storage is not asked', async () => {
  const { archive, asked } = storageOf(300, { newest: logOf({ head: 300, held: 9 }) })
  const events = await archive.events(room, 294, 299)
  assert.deepEqual(seqsOf(events), [295, 296, 297, 298, 299])
  assert.deepEqual(JSON.parse(Buffer.from(events?.[0]?.data ?? []).toString()), eventsFrom(295, 1)[0])
  assert.deepEqual(asked, [])
})

const fromStorage = [
  ['longer than is read one by one', logOf({ head: 300, held: 9 }), room, 291],
  ['older than what the log holds', logOf({ head: 300, held: 1 }), room, 295],
  ['of another log than the room’s', logOf({ head: 300, held: 9, epoch: 'x' }), room, 295],
  ['of which the log lacks an entry', logOf({ head: 300, held: 9, hole: 297 }), room, 295],
  ['in a room whose entry is not known', logOf({ head: 300, held: 9 }), { ...room, logSeq: 0 }, 295],
  ['beyond where the room stands here', logOf({ head: 300, held: 9 }), { ...room, head: 298 }, 295],
  ['while the log does not answer', newestOf({ back: () => Promise.reject(new Error('away')) }), room, 295],
] as const
for (const [what, newest, at, after] of fromStorage) {
  test(`a gap ${what}, then storage is asked`, async () => {
    const { archive, asked } = storageOf(300, { newest })
    assert.deepEqual(
      seqsOf(await archive.events(at, after, 300)),
      Array.from({ length: 300 - after }, (_, i) => after + 1 + i),
    )
    assert.deepEqual(asked, [after])
  })
}
