import assert from 'node:assert/strict'
import test from 'node:test'
import { ensureIndexes } from '../src/mongo-indexes.ts'
import { applyWrites } from '../src/mongo-write.ts'
import { project } from '../src/projection.ts'
import type { StoredRecord } from '../src/record.ts'
import { type Command, logOf, recordsOf } from './log-of-a-room.ts'
import { ModelDatabase } from './model-database.ts'
import { openStage, type Stage } from './stage.ts'

const NAMES = ['events', 'rooms', 'members', 'positions'] as const

/** A log with everything in it: messages, edits, deletions, reactions, members who come and go, marks. */
function longLog(room: string): StoredRecord[] {
  const people = ['ann', 'bob', 'cid', 'dan']
  const commands = Array.from({ length: 150 }, (_, i): Command => {
    const from = people[i % 3] ?? 'ann'
    const kinds = [
      { method: 'message.send', text: `message ${i}` },
      { method: 'message.edit', pick: i, text: `edit ${i}` },
      { method: 'message.react', pick: i, emoji: i % 2 ? '👍' : '.$', on: i % 5 !== 0 },
      { method: 'message.send', text: `more ${i}` },
      { method: i % 4 ? 'room.add' : 'room.remove', user: 'dan' },
      { method: 'message.delete', pick: i },
      { method: 'mark.read', pick: i * 7 },
    ]
    return { from: i % 7 === 4 ? 'ann' : from, body: kinds[i % 7] ?? { method: 'room.leave' } }
  })
  return recordsOf(room, logOf(room, commands), [1, 2, 4])
}

const inParts = (records: readonly StoredRecord[], size: number) =>
  Array.from({ length: Math.ceil(records.length / size) }, (_, i) => records.slice(i * size, (i + 1) * size))

async function dump(stage: Stage) {
  const tables = NAMES.map(async (name) => {
    const documents = await stage.mongo.db.collection(name).find().toArray()
    return [name, documents.sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1))] as const
  })
  return Object.fromEntries(await Promise.all(tables))
}

test('what the model of a database makes of a log, then the server makes the same of it', async () => {
  await using stage = await openStage()
  const abilities = await ensureIndexes(stage.mongo.db, () => {})
  const records = longLog('w1')
  const model = new ModelDatabase()
  for (const part of inParts(records, 11)) {
    model.apply(project(part))
    await applyWrites({ ...stage.mongo, ...abilities }, project(part))
  }
  const expected = Object.fromEntries(
    Object.entries(model.dump()).filter(([name]) => NAMES.some((each) => each === name)),
  )
  assert.deepEqual(await dump(stage), expected)
})

test('an old owner goes on beside the new one, each with batches of its own, then the documents are the same', async () => {
  await using stage = await openStage()
  const abilities = await ensureIndexes(stage.mongo.db, () => {})
  const target = { ...stage.mongo, ...abilities }
  const records = longLog('w2')
  const model = new ModelDatabase()
  model.apply(project(records))
  const halfway = Math.floor(records.length / 2)
  for (const part of inParts(records.slice(0, halfway), 20)) await applyWrites(target, project(part))
  // The new owner starts at the saved position and is ahead; the old one writes its last batches after it, and late.
  await applyWrites(target, project(records.slice(halfway)))
  for (const part of inParts(records.slice(halfway - 15, halfway + 30), 7)) await applyWrites(target, project(part))
  const expected = Object.fromEntries(
    Object.entries(model.dump()).filter(([name]) => NAMES.some((each) => each === name)),
  )
  assert.deepEqual(await dump(stage), expected)
})
