import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { createArchive } from './archive.ts'
import { systemClock } from './clock.ts'
import type { RpcParts } from './rpc.ts'

const eventsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ type: 'message', seq: first + i, text: 'x' }))

/** Storage with events up to `head`, in pages of a hundred. */
function storageOf(head: number, more: { hole?: number } = {}) {
  const asked: number[] = []
  const storage = (async (_name: string, { after_seq }: { after_seq: number }) => {
    asked.push(after_seq)
    const events = eventsFrom(after_seq + 1, Math.min(100, head - after_seq)).filter(({ seq }) => seq !== more.hole)
    return { events, head, more: after_seq + 100 < head }
  }) as unknown as RpcParts['storage']
  return { archive: createArchive(storage, systemClock.soon), asked }
}
const room = { kind: 'room', id: 'r' } as const

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
  const archive = createArchive((async () => refuse('timeout')) as unknown as RpcParts['storage'], systemClock.soon)
  await assert.rejects(archive.events(room, 0, 5), /timeout/)
  await assert.rejects(archive.head('room', 'r'), /timeout/)
})
