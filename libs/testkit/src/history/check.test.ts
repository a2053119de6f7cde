import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkHistory } from './check.ts'
import { formatVerdict } from './format.ts'
import { SimulatedRun } from './simulated.ts'
import type { Step } from './simulated-dice.ts'
import { someRun, steps } from './simulated-steps.ts'

const play = (all: readonly Step[]) => {
  const run = new SimulatedRun()
  for (const step of all) run.step(step)
  return run.finish()
}

test('whatever happens in a system that keeps its promises, the checker finds nothing', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const verdict = checkHistory(play(all))
      assert.ok(verdict.passed, formatVerdict(verdict))
    }),
    { numRuns: 300 },
  )
})

test('a run with a bit of everything, checked, has reached what the checker is to look at', () => {
  const { counts, states } = checkHistory(someRun(1, 400))
  const reached = Object.keys({ ...counts, ...states })
  const all = ['send ok', 'send refused', 'send unknown', 'seen live', 'seen recovered', 'seen history', 'read ok']
  all.push('resume-with-gap', 'reload', 'duplicate-answered', 'retry-acknowledged', 'unknown-and-done')
  all.push('unknown-and-not-done', 'remove ok', 'add ok', 'pushes shown', 'fault kill')
  assert.deepEqual(
    all.filter((name) => !reached.includes(name)),
    [],
  )
})

test('a run without final reads, checked as such, is held only against what clients saw', () => {
  const records = someRun(2, 300).filter(({ type }) => !type.startsWith('final-'))
  assert.deepEqual(checkHistory(records, { withoutFinals: true }).found, {})
  assert.deepEqual(Object.keys(checkHistory(records).found), ['not-read'])
})

test('a history of 200,000 records, checked, takes the time of ten histories of 20,000', () => {
  const small = someRun(3, 3_000)
  const large = someRun(3, 30_000)
  assert.ok(large.length > 200_000, `${large.length} records`)
  const cost = (records: typeof small) => {
    const began = process.cpuUsage()
    assert.ok(checkHistory(records).passed)
    const { user, system } = process.cpuUsage(began)
    return (user + system) / records.length
  }
  cost(small)
  const [one, other] = [cost(small), cost(large)]
  // What grows with the square costs ten times as much a record.
  assert.ok(other < one * 5, `${one} µs a record in the small one, ${other} µs in the large one`)
})

test('a verdict, printed, ends in one line that says it all', () => {
  const records = someRun(4, 200)
  const lines = formatVerdict(checkHistory(records)).split('\n')
  assert.equal(lines.at(-1), 'verdict: pass')
  assert.ok(lines.some((line) => /^ {2}send ok +\d+$/.test(line)))
  const failed = formatVerdict(checkHistory(records, { required: ['fenced'] })).split('\n')
  assert.equal(failed.at(-1), 'verdict: FAIL')
  assert.ok(failed.some((line) => line.startsWith('run not-reached: the run never reached fenced')))
})
