import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJournal } from '@switchboard/testkit/history/journal'
import { isPassed } from '../report.ts'
import { faultRun } from '../run.ts'

const ONLY = ['roll-edge', 'roll-router', 'roll-storage', 'roll-notifier']
/** What bots may be told, as others add and remove people while they write; every other refusal would be an error on a screen. */
const EARNED: ReadonlySet<string> = new Set(['not_a_member', 'already_member', 'not_found'])

test('every service restarted pod by pod under traffic, then nobody who retries as the SDK does is shown an error', async (t) => {
  const log = (line: string) => t.diagnostic(line)
  const result = await faultRun({ seed: 15, minutes: 0.5, only: ONLY, log, keep: true })
  const { report, directory = '' } = result
  assert.ok(isPassed(report), `journals and logs: ${directory}`)
  assert.deepEqual([...new Set(report.plan.faults.map(({ name }) => name))].sort(), [...ONLY].sort())
  const { records } = await readJournal(join(directory, 'journal'))
  const refusals = records.filter((record) => record.type === 'return' && record.outcome === 'refused')
  const unearned = refusals.filter((record) => record.type === 'return' && !EARNED.has(record.code ?? ''))
  assert.deepEqual(unearned, [])
  const banished = records.filter((record) => record.type === 'connection' && record.terminal)
  assert.deepEqual(banished, [], 'nobody was sent away for good')
  assert.ok((report.states.get('sent-away') ?? 0) > 0, 'edges sent their clients to another one')
  await rm(directory, { recursive: true, force: true })
})
