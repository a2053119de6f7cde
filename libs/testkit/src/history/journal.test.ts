import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { JournalError, readJournal } from './journal.ts'

const line = (atMs: number, user: string) => JSON.stringify({ type: 'device', atMs, user, target: `phone-${user}` })

async function read(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'))
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    return await readJournal(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('the journals of several processes, read, are one by time, and records of one moment keep their order', async () => {
  const { records, torn } = await read({
    'a.jsonl': `${line(1, 'ann')}\n${line(3, 'ben')}\n${line(3, 'cem')}\n`,
    'b.jsonl': `${line(2, 'dee')}\n${line(4, 'eve')}\n`,
    'notes.txt': 'not a journal',
  })
  const users = records.map((record) => 'user' in record && record.user)
  assert.deepEqual([users, torn], [['ann', 'dee', 'ben', 'cem', 'eve'], 0])
})

test('a last line that a killed process left torn, wherever it broke, is left out and counted', async () => {
  const last = line(2, 'ben')
  for (let length = 1; length < last.length; length += 1) {
    const { records, torn } = await read({ 'a.jsonl': `${line(1, 'ann')}\n${last.slice(0, length)}` })
    assert.deepEqual([records.length, torn], [1, 1])
  }
  assert.deepEqual((await read({ 'a.jsonl': `${line(1, 'ann')}\n${last}` })).records.length, 2)
})

test('any other bad line, wherever it stands, is an error that names its file and its number', async () => {
  for (const bad of ['{"type":"device","atMs":', '', '[]', 'null', '{"atMs":1}', '{"type":"device"}']) {
    await assert.rejects(
      read({ 'good.jsonl': '', 'bad.jsonl': `${line(1, 'ann')}\n${bad}\n${line(2, 'ben')}\n` }),
      (error) => {
        assert.ok(error instanceof JournalError)
        assert.match(error.message, /^bad\.jsonl:2: /)
        return true
      },
    )
  }
})
