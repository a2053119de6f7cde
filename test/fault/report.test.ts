import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatencyRow } from '@switchboard/testkit/history/latencies'
import { chooseFaults } from './faults.ts'
import { planFaults } from './plan.ts'
import { EMPTY_TABLE, formatPlan, formatReport, isPassed, mergeRun, type RunReport } from './report.ts'

const kinds = chooseFaults('safety', ['kill-edge', 'kill-router'])
const plan = planFaults({ seed: 5, minutes: 1, mode: 'safety', faults: kinds })

const row = (fault: string, more: Partial<LatencyRow>): LatencyRow => ({
  fault,
  times: 1,
  acknowledged: 10,
  p50Ms: 10,
  p99Ms: 100,
  outageMs: 1_000,
  clientOutageMs: 2_000,
  ...more,
})

const reportOf = (more: Partial<RunReport>): RunReport => ({
  plan,
  verdict: { passed: true, findings: [], found: {}, counts: { 'send ok': 3 }, states: {} },
  states: new Map([['fenced', 2]]),
  latencies: [],
  problems: [],
  ...more,
})

test('a plan, when it is printed, has the seed, every fault with its target and time, and what each does', () => {
  const text = formatPlan(plan, kinds)
  assert.match(text, /^seed 5, 1 minutes, safety: /)
  for (const { id, name, target } of plan.faults) assert.match(text, new RegExp(`${id} .* ${name} on ${target}`))
  assert.match(text, /kill-router \(F1\): kill -9 a router/)
})

test('a report, when it is printed, ends with what it says as a whole', () => {
  const text = formatReport(reportOf({ latencies: [row('kill-edge', { outageMs: 2_345 })] }))
  assert.match(text, /2 {2}fenced {2}publishes refused/)
  assert.match(text, /kill-edge .* 2\.3 s/)
  assert.match(text, /seed 5: PASS$/)
})

test('a run with a problem, although its history is right, has not passed and says why', () => {
  const report = reportOf({ problems: ['edge-1 ended by itself'] })
  assert.equal(isPassed(report), false)
  assert.match(formatReport(report), /PROBLEM edge-1 ended by itself\nseed 5: FAIL$/)
  assert.equal(isPassed(reportOf({ verdict: { ...reportOf({}).verdict, passed: false } })), false)
})

test('runs that are recorded, one after another, become one table with sums, means and the worst of each', () => {
  const first = reportOf({
    latencies: [row('kill-edge', {}), row('quiet', { times: 3 }), row('of-another-time', {})],
  })
  const second = reportOf({
    latencies: [row('kill-edge', { times: 2, acknowledged: 30, p50Ms: 30, p99Ms: 50, outageMs: 4_000.4 })],
  })
  const table = mergeRun(mergeRun(EMPTY_TABLE, first, kinds), second, kinds)
  assert.equal(table.runs, 2)
  assert.equal(table.minutes, 2)
  assert.deepEqual(
    table.rows.map(({ fault, times }) => [fault, times]),
    [
      ['kill-edge', 3],
      ['quiet', 3],
    ],
  )
  const [edge] = table.rows
  assert.deepEqual(edge, {
    fault: 'kill-edge',
    what: 'kill -9 an edge, another one after some seconds',
    listed: 'F1',
    times: 3,
    acknowledged: 40,
    p50Ms: 25,
    p99Ms: 100,
    outageMs: 4_000,
    clientOutageMs: 2_000,
  })
})
