import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJournal } from '@switchboard/testkit/history/journal'
import type { DeskEventSeen } from '@switchboard/testkit/history/records-desk'
import { readDesk } from './final-reads.ts'
import { Journal, nowMs } from './journal.ts'

const came = (seq: number): DeskEventSeen => ({
  ...{ seq, at: 1_000, cid: `c${seq}`, from: 'ann', type: 'agent.updated' },
  agent: { user: 'ann', status: 'online', capacity: 4, connected: true },
})

test('an event of a desk that comes between two looks of its last reading is later than that reading', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'switchboard-final-'))
  t.after(() => rm(dir, { recursive: true }))
  const kept = [came(1)]
  let cameMs = 0
  const sources = {
    deskLog: () => Promise.resolve([...kept]),
    deskStored: async () => {
      const stored = [...kept]
      kept.push(came(kept.length + 1))
      cameMs = nowMs()
      return stored
    },
  }
  {
    using journal = new Journal(join(dir, 'final.jsonl'), 'final')
    await readDesk({ journal, sources, msMax: 1_000, unsettled: [] }, 'desk')
  }
  const finals = (await readJournal(dir)).records.filter((record) => record.type === 'final-desk')
  assert.deepEqual(
    finals.map(({ source, events }) => [source, events.length]),
    [
      ['log', 1],
      ['store', 1],
    ],
  )
  for (const { atMs } of finals) assert.ok(atMs <= cameMs, `${atMs} ms is after ${cameMs} ms`)
})
