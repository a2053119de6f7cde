import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJournal } from '@switchboard/testkit/history/journal'
import { ClientView } from './client-view.ts'
import { Journal } from './journal.ts'
import { Knowledge } from './knowledge.ts'

const CHANNEL = 'room:r'
const message = (seq: number) => ({
  type: 'message',
  room: 'r',
  seq,
  n: seq,
  from: 'ann',
  cid: `c${seq}`,
  text: 'x',
  at: 1,
})

/** What a view writes down of what happens to it. */
async function written(happens: (view: ClientView) => void): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'switchboard-view-'))
  try {
    {
      using journal = new Journal(join(dir, 'p.jsonl'), 'p')
      const knowledge = new Knowledge('ann', () => {})
      const who = { client: 'p-1', user: 'ann' }
      happens(new ClientView({ who, journal, knowledge, history: async () => null }))
    }
    const { records } = await readJournal(dir)
    return records.flatMap((record) => {
      if (record.type === 'subscribed') return [`${record.how} from ${record.from}`]
      return record.type === 'seen' ? [`${record.how} ${record.event.seq}`] : []
    })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

test('the client takes a room over from the server and recovers it, then its place is where it was, not where it will be', async () => {
  const lines = await written((view) => {
    view.subscribed({ channel: CHANNEL, offset: 5, recovered: false })
    view.unsubscribed(CHANNEL)
    view.subscribed({ channel: CHANNEL, offset: 7, recovered: true })
    for (const seq of [6, 7]) view.publication(CHANNEL, seq, message(seq))
  })
  assert.deepEqual(lines, ['fresh from 5', 'fresh from 5', 'live 6', 'live 7'])
})

test('the client takes a room over without its place, then it begins at the head', async () => {
  const lines = await written((view) => {
    view.subscribed({ channel: CHANNEL, offset: 5, recovered: false })
    view.unsubscribed(CHANNEL)
    view.subscribed({ channel: CHANNEL, offset: 7, recovered: false })
    view.publication(CHANNEL, 8, message(8))
  })
  assert.deepEqual(lines, ['fresh from 5', 'fresh from 7', 'live 8'])
})
