import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type DesksFacts, gatherDesks } from '@switchboard/testkit/history/desk-facts'
import { readJournal } from '@switchboard/testkit/history/journal'
import type { JournalRecord } from '@switchboard/testkit/history/records'
import { isPassed } from '../report.ts'
import { faultRun } from '../run.ts'

const ONLY = ['roll-edge', 'roll-router', 'roll-storage', 'roll-notifier']
/** What bots may be told, as others add and remove people while they write; every other refusal would be an error on a screen. */
const EARNED: ReadonlySet<string> = new Set(['not_a_member', 'already_member', 'not_found'])

type Refused = Extract<JournalRecord, { type: 'return' }>

/** Whether somebody wrote into a conversation that, as the desk has it, was not theirs by then: its visitor left, or a colleague took it. */
function isLate(
  records: readonly JournalRecord[],
  changes: DesksFacts['changes'],
  { id, user, atMs, code }: Refused,
): boolean {
  const asked = records.find((record) => record.type === 'invoke' && record.id === id)
  if (code !== 'conflict' || asked?.type !== 'invoke' || asked.operation.name !== 'send') return false
  const last = changes.get(asked.operation.room)?.findLast(({ at }) => at <= atMs)?.conversation
  return last !== undefined && (last.state === 'closed' || last.agent !== user)
}

test('every service restarted pod by pod under traffic, then nobody who retries as the SDK does is shown an error', async (t) => {
  const log = (line: string) => t.diagnostic(line)
  const result = await faultRun({ seed: 15, minutes: 0.5, only: ONLY, log, keep: true })
  const { report, directory = '' } = result
  assert.ok(isPassed(report), `journals and logs: ${directory}`)
  assert.deepEqual([...new Set(report.plan.faults.map(({ name }) => name))].sort(), [...ONLY].sort())
  const { records } = await readJournal(join(directory, 'journal'))
  const refusals = records.flatMap((record) =>
    record.type === 'return' && record.outcome === 'refused' ? [record] : [],
  )
  const { changes } = gatherDesks(records)
  const unearned = refusals.filter((refusal) => !EARNED.has(refusal.code ?? '') && !isLate(records, changes, refusal))
  assert.deepEqual(unearned, [])
  const banished = records.filter((record) => record.type === 'connection' && record.terminal)
  assert.deepEqual(banished, [], 'nobody was sent away for good')
  assert.ok((report.states.get('sent-away') ?? 0) > 0, 'edges sent their clients to another one')
  await rm(directory, { recursive: true, force: true })
})
