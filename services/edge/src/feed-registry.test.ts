import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogEntry } from '@switchboard/bus/log-entry'
import { isRefusal } from '@switchboard/contracts/errors'
import { stoppedClock } from '../test/stopped-clock.ts'
import type { EdgeEvents } from './events.ts'
import { FeedRegistry } from './feed-registry.ts'
import type { Archive, LogSource } from './log-source.ts'

const events = new Proxy({}, { get: () => () => {} }) as EdgeEvents
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A log whose heads are read when the test says so, and an archive that answers never unless told otherwise. */
function world({ withEntries = true, archiveHead = async () => 0 } = {}) {
  const readings: { ids: readonly string[]; answer: () => void }[] = []
  const entry = { range: { first: 1, last: 7, epoch: 'e' }, logSeq: 70 } as unknown as LogEntry
  const heads = (ids: readonly string[]) =>
    new Promise<Map<string, LogEntry>>((resolve) => {
      const found = new Map(withEntries ? ids.map((id) => [id, entry]) : [])
      readings.push({ ids, answer: () => resolve(found) })
    })
  const source = {
    listen: () => ({ unsubscribe: () => {} }),
    settled: async () => {},
    head: async (_kind, id) => (await heads([id])).get(id) ?? null,
    heads: (_kind, ids) => heads(ids),
    epoch: async () => 'e',
  } as Partial<LogSource> as LogSource
  const archive = { head: archiveHead } as Partial<Archive> as Archive
  const { clock, pass } = stoppedClock()
  const registry = new FeedRegistry({ source, archive, clock, events })
  const head = async (id: string) => {
    const feed = await registry.use({ kind: 'room', id })
    return isRefusal(feed) ? feed.code : feed.head
  }
  return { head, readings, registry, pass }
}

test('rooms asked for while others are being opened, then all of them are opened with the next reading', async () => {
  const { head, readings, registry, pass } = world()
  using _ = registry
  const first = [head('a'), head('b')]
  await turn()
  const later = head('c')
  await turn()
  const last = head('d')
  await turn()
  assert.deepEqual(
    readings.map(({ ids }) => ids),
    [['a', 'b']],
  )
  readings[0]?.answer()
  assert.deepEqual(await Promise.all(first), [7, 7])
  assert.equal(readings.length, 1)
  pass(50)
  await turn()
  assert.deepEqual(readings[1]?.ids, ['c', 'd'])
  readings[1]?.answer()
  assert.deepEqual(await Promise.all([later, last]), [7, 7])
})

test('storage is slow about a room that the log holds no more, then the next rooms do not wait for it', async () => {
  const silent = world({ withEntries: false, archiveHead: () => new Promise<never>(() => {}) })
  using _ = silent.registry
  const waiting = silent.head('old')
  await turn()
  silent.readings[0]?.answer()
  await turn()
  void silent.head('next')
  await turn()
  assert.deepEqual(silent.readings[1]?.ids, ['next'])
  assert.equal(await Promise.race([waiting, turn().then(() => 'waits')]), 'waits')
})

test('storage is away for one of several rooms, then only that one is refused, and may be tried again', async () => {
  let isAway = true
  const archiveHead = async () => {
    if (isAway) throw new Error('away')
    return 3
  }
  const { head, readings, registry } = world({ withEntries: false, archiveHead })
  using _ = registry
  const refused = head('a')
  await turn()
  readings[0]?.answer()
  assert.equal(await refused, 'unavailable')
  isAway = false
  const again = head('a')
  await turn()
  readings[1]?.answer()
  assert.equal(await again, 3)
})

test('rooms that were opened together, then their heads are read again, all at once, after one second at least', async () => {
  const { head, readings, registry, pass } = world()
  using _ = registry
  const opened = async (...ids: string[]) => {
    const heads = ids.map(head)
    await turn()
    readings.at(-1)?.answer()
    await Promise.all(heads)
  }
  await opened('a', 'b')
  pass(900)
  await opened('c', 'd')
  pass(100)
  await turn()
  assert.equal(readings.length, 2)
  await opened('e', 'f')
  pass(1_000)
  await turn()
  assert.deepEqual(readings[3]?.ids, ['a', 'b', 'c', 'd'])
  readings[3]?.answer()
  pass(1_000)
  await turn()
  assert.deepEqual(readings[4]?.ids, ['e', 'f'])
  readings[4]?.answer()
  // Before the audit of everything that is quiet.
  pass(5_000)
  await turn()
  assert.equal(readings.length, 5)
})
