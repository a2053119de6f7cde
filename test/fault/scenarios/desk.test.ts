import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatVerdict } from '@switchboard/testkit/history/format'
import { deskRun } from '../desk-run.ts'

test('100 visitors and 10 agents, while a router, a leader of NATS and agents are killed, then all are answered and nothing is broken', async (t) => {
  const startMs = performance.now()
  const log = (line: string) => t.diagnostic(`${Math.round(performance.now() - startMs)} ms: ${line}`)
  const { verdict, problems, figures, directory } = await deskRun({
    ...{ seed: 3, agents: 10, visitors: 100, capacity: 4, processes: 2, killsClients: true, secondsMax: 90, log },
    world: { counts: { storage: 1, notifier: 1 } },
    // Dead agents are to be missed before three offers that they let pass make them away.
    settings: { requeue_seconds: 0, offer_seconds: 12 },
    rates: { agentMs: 200, visitorMs: 500, visits: 1, ignored: 0.05, declined: 0.03, deaths: 0.01 },
  })
  assert.ok(verdict.passed, `${formatVerdict(verdict)}\n${directory}`)
  assert.deepEqual(problems, [])
  assert.ok(figures.conversations >= 100)
})
