import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPassed } from '../report.ts'
import { faultRun } from '../run.ts'

const SECONDS = 36
/** Short ones, so that several of each fit: what takes a minute by itself is for the runs by hand. */
const ONLY = ['kill-edge', 'kill-router', 'kill-storage', 'kill-nats-leader', 'reset-clients', 'poison-commands']

test('random faults of a fixed seed, while bots chat, break no promise and lead to what they are for', async (t) => {
  const log = (line: string) => t.diagnostic(line)
  const result = await faultRun({ seed: 11, minutes: SECONDS / 60, only: ONLY, log })
  assert.ok(isPassed(result.report), `journals and logs: ${result.directory}`)
  const { plan, states } = result.report
  assert.ok(plan.faults.length >= 4, 'several faults fit')
  assert.ok((states.get('connection-lost') ?? 0) > 0 && (states.get('resumed') ?? 0) > 0)
})
