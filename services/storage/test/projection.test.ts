import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { EventDocument, MemberDocument, RoomDocument } from '../src/documents.ts'
import { clientEvent } from '../src/event-document.ts'
import { mergeTail } from '../src/history-page.ts'
import { project } from '../src/projection.ts'
import type { StoredRecord } from '../src/record.ts'
import { foldTail } from '../src/room-view.ts'
import { type Command, commands, logOf, recordsOf, sizes } from './log-of-a-room.ts'
import { ModelDatabase } from './model-database.ts'

const ROOM = 'r1'

function stored(batches: readonly (readonly StoredRecord[])[]): ModelDatabase {
  const database = new ModelDatabase()
  for (const batch of batches) database.apply(project(batch))
  return database
}

function split<T>(items: readonly T[], cuts: readonly number[]): T[][] {
  const parts: T[][] = []
  for (let at = 0, i = 0; at < items.length; i += 1) {
    const size = cuts[i % cuts.length] ?? 1
    parts.push(items.slice(at, at + size))
    at += size
  }
  return parts
}

const documentsOf = <T>(database: ModelDatabase, name: Parameters<ModelDatabase['of']>[0]) =>
  [...database.of(name).values()] as T[]

test('any split of a log into batches, then the same documents', () => {
  fc.assert(
    fc.property(commands, sizes, sizes, (asked, entrySizes, cuts) => {
      const records = recordsOf(ROOM, logOf(ROOM, asked), entrySizes)
      assert.deepEqual(stored(split(records, cuts)).dump(), stored([records]).dump())
    }),
  )
})

test('any part stored again in other batches, then the same documents', () => {
  const replays = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 5 })), { maxLength: 30, size: 'max' })
  fc.assert(
    fc.property(commands, sizes, replays, (asked, cuts, parts) => {
      const records = recordsOf(ROOM, logOf(ROOM, asked), [1])
      const database = stored(split(records, cuts))
      const once = database.dump()
      for (const [start, length] of parts) {
        const from = start % records.length
        for (const batch of split(records.slice(from, from + length + 1), cuts)) database.apply(project(batch))
        assert.deepEqual(database.dump(), once)
      }
    }),
  )
})

/** A storage pod that reads from the saved position and writes batch by batch, one step of the database at a time. */
function* writerOf(database: ModelDatabase, records: readonly StoredRecord[], cuts: readonly number[]) {
  const savedOf = (source: string) => Number(database.of('positions').get(`${source}:3:i1`)?.seq ?? 0)
  const saved = { log: savedOf('log'), marks: savedOf('marks') }
  const left = records.filter(({ origin }) => origin.seq > saved[origin.source])
  for (const batch of split(left, cuts)) yield* database.steps(project(batch))
}

test('two writers of one partition at once, stopped anywhere, then the same documents', () => {
  const schedule = fc.array(fc.record({ steps: fc.nat({ max: 12 }), who: fc.nat({ max: 2 }), dies: fc.boolean() }), {
    maxLength: 60,
    size: 'max',
  })
  fc.assert(
    fc.property(commands, sizes, schedule, (asked, cuts, turns) => {
      const records = recordsOf(ROOM, logOf(ROOM, asked), [2])
      const database = new ModelDatabase()
      const writers = new Map<number, Generator<void>>()
      for (const { steps, who, dies } of turns) {
        const writer =
          writers.get(who) ??
          writerOf(
            database,
            records,
            cuts.map((cut) => cut + who),
          )
        writers.set(who, writer)
        for (let i = 0; i < steps; i += 1) writer.next()
        if (dies) writers.delete(who)
      }
      // The old ones go on with what they have in hand while a new one reads to the end, and after it.
      for (const _ of writerOf(database, records, cuts)) for (const writer of writers.values()) writer.next()
      for (const writer of writers.values()) while (!writer.next().done);
      assert.deepEqual(database.dump(), stored([records]).dump())
    }),
    { numRuns: 300 },
  )
})

test('a writer that died after the head and before the text of the newest message, then an older one mends it', () => {
  const texts = ['first', 'second', 'third'].map((text) => ({
    from: 'ann',
    body: { method: 'message.send' as const, text },
  }))
  const edit = { from: 'ann', body: { method: 'message.edit' as const, pick: 2, text: 'edited' } }
  const asked: Command[] = [...texts, edit, { from: 'ann', body: { method: 'room.leave' } }]
  const records = recordsOf(ROOM, logOf(ROOM, asked), [1])
  const before = records.findIndex(({ content }) => 'events' in content && content.events[0]?.type === 'message.edited')
  const database = stored([records.slice(0, before)])
  const dying = database.steps(project(records.slice(before)))
  const headOf = () => Number(database.of('rooms').get(ROOM)?.head)
  while (headOf() < records.length) dying.next()
  database.apply(project(records.slice(before - 1, before + 1)))
  const [room] = documentsOf<RoomDocument>(database, 'rooms')
  assert.deepEqual([room?.head, room?.last?.text, room?.last?.changed], [records.length, 'edited', before + 1])
})

test('a stored log, then room and members are what the router has', () => {
  fc.assert(
    fc.property(commands, sizes, (asked, cuts) => {
      const log = logOf(ROOM, asked)
      const database = stored(split(recordsOf(ROOM, log, [3]), cuts))
      const [room] = documentsOf<RoomDocument>(database, 'rooms')
      assert(room)
      const { kind, title, head, n, members } = log.state
      assert.deepEqual([room.kind, room.title, room.head, room.n], [kind, title, head, n])
      assert.equal(room.log_seq, 10 * head)
      assert.equal(room.members, members.size)
      const present = documentsOf<MemberDocument>(database, 'members').filter(({ gone }) => !gone)
      const shown = present.map(({ user, role, since_seq, read, read_n }) => ({ user, role, since_seq, read, read_n }))
      const byUser = (a: { user: string }, b: { user: string }) => (a.user < b.user ? -1 : 1)
      assert.deepEqual(shown.sort(byUser), [...members.values()].sort(byUser))
    }),
  )
})

test('a stored prefix with the rest of the log folded over, then the room is what the router has', () => {
  fc.assert(
    fc.property(commands, fc.nat(), fc.nat(), (asked, cut, ahead) => {
      const log = logOf(ROOM, asked)
      const records = recordsOf(ROOM, log, [2])
      const entries = records.filter(({ origin }) => origin.source === 'log')
      const saved = entries.slice(0, cut % (entries.length + 1))
      const database = stored([saved])
      // The next batch has written its members and marks, but not yet the head.
      const next = entries.slice(saved.length, saved.length + (ahead % 3))
      const writes = project(next)
      const idle = { ...project([]), members: writes.members, marks: writes.marks }
      database.apply(idle)
      database.apply(project(records.filter(({ origin }) => origin.source === 'marks')))
      const [document = null] = documentsOf<RoomDocument>(database, 'rooms')
      const tail = log.events.filter(({ seq }) => seq > (document?.head ?? 0))
      const state = foldTail(ROOM, { document, members: documentsOf<MemberDocument>(database, 'members') }, tail)
      assert.deepEqual(state, log.state)
    }),
    // A mark that is stored ahead of its member's return is one log in hundreds.
    { numRuns: 1_000 },
  )
})

test('history from any mix of stored and unsaved events, then the same events', () => {
  fc.assert(
    fc.property(commands, fc.nat(), (asked, cut) => {
      const log = logOf(ROOM, asked)
      const records = recordsOf(ROOM, log, [1])
      const database = stored([records.slice(0, cut % (log.events.length + 1))])
      const range = { first: 1, last: log.events.length, fill: 'up' } as const
      const documents = documentsOf<EventDocument>(database, 'events')
      const tail = log.events.slice(documents.length)
      const mixed = mergeTail(ROOM, { stored: documents, tail, range })
      const unsaved = mergeTail(ROOM, { stored: [], tail: log.events, range })
      const texts = (events: readonly EventDocument[]) =>
        events.filter(({ type }) => type !== 'message.edited').map(clientEvent)
      assert.deepEqual(texts(mixed), texts(unsaved))
    }),
  )
})

test('a deleted message, then no document holds any of its texts', () => {
  fc.assert(
    fc.property(commands, sizes, (asked, cuts) => {
      const log = logOf(ROOM, asked)
      const database = stored(split(recordsOf(ROOM, log, [2]), cuts))
      const deleted = log.events.flatMap((event) => (event.type === 'message.deleted' ? [event.target] : []))
      for (const event of documentsOf<EventDocument>(database, 'events')) {
        const about = event.type === 'message' ? event.seq : event.type === 'message.edited' ? event.target : 0
        if (deleted.includes(about ?? 0)) assert.equal(event.text, undefined)
      }
    }),
  )
})

test('reactions put and taken back, then those show that were put last', () => {
  fc.assert(
    fc.property(commands, sizes, (asked, cuts) => {
      const log = logOf(ROOM, asked)
      const database = stored(split(recordsOf(ROOM, log, [2]), cuts))
      for (const document of documentsOf<EventDocument>(database, 'events')) {
        if (document.type !== 'message' || document.deleted) continue
        const put = new Set<string>()
        for (const event of log.events) {
          if (event.type !== 'message.reacted' || event.target !== document.seq) continue
          const name = JSON.stringify([event.emoji, event.from])
          if (event.on) put.add(name)
          else put.delete(name)
        }
        const { reactions = {} } = clientEvent(document) as { reactions?: Record<string, string[]> }
        const shown = Object.entries(reactions).flatMap(([emoji, users]) =>
          users.map((user) => JSON.stringify([emoji, user])),
        )
        assert.deepEqual(shown.sort(), [...put].sort())
      }
    }),
  )
})
