import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Table, tableOf } from '../bench/measure/table.ts'
import { type BenchRecord, type Recorded, withRecords } from '../bench/record.ts'
import { GOALS, type Goal, goalsBlock, measuredOf, outcomeOf } from './docs-goals.ts'
import { NOTHING, performanceBlocks, performancePlots } from './docs-performance.ts'
import { plot, ticksBetween } from './docs-plot.ts'

const machine = { cpu: 'A CPU ', cores: 2, memoryGib: 8, node: 'v24.0.0', platform: 'linux' }
const facts = { at: '2026-01-02T03:04:05.000Z', commit: 'abc', servers: 'containers', machine, pairs: 5, seconds: 10 }
const record = (...tables: Table[]): BenchRecord => ({ ...facts, tables })

const hop = (ours: readonly number[], raw: readonly number[]): Recorded => ({
  benches: { hop: record(tableOf('hop: far', { switchboard: { ms: ours }, raw: { ms: raw } }, 'raw')) },
})
const goal = (of: 'value' | 'ratio' | 'added', bounds: { most?: number; least?: number }): Goal => ({
  goal: 'hops',
  where: { bench: 'hop', title: 'hop: ', figure: 'ms', of },
  ...bounds,
})

/** A table of growth with one cost that stays and one that climbs. */
const grown: Table = {
  ...tableOf(
    'growth: of <rooms>',
    Object.fromEntries(
      [10, 100, 1_000].map((size) => [
        size,
        {
          'CPU µs per message, all processes': [90, 100, 110],
          'CPU µs per message, router': [0.9, 1, 1.1].map((part) => part * size ** 0.5),
          'p99 ms': [1, 2, 3],
        },
      ]),
    ),
  ),
  axis: 'rooms',
}

test('a figure, its ratio and what it adds, held against a bound, then the median decides', () => {
  const recorded = hop([2, 6, 4], [1, 3, 1])
  assert.deepEqual(measuredOf(goal('value', {}), recorded)?.median, 4)
  assert.deepEqual(measuredOf(goal('ratio', {}), recorded), { median: 2, min: 2, max: 4 })
  assert.deepEqual(measuredOf(goal('added', {}), recorded), { median: 3, min: 1, max: 3 })
  const judged = (one: Goal) => outcomeOf(one, measuredOf(one, recorded))
  assert.equal(judged(goal('value', { most: 4 })), 'met')
  assert.equal(judged(goal('value', { most: 3.9 })), 'not met')
  assert.equal(judged(goal('ratio', { least: 2 })), 'met')
  assert.equal(judged(goal('ratio', { least: 2.1 })), 'not met')
  assert.equal(outcomeOf(goal('value', { most: 4 }), measuredOf(goal('value', {}), NOTHING)), 'not measured')
})

test('a bench that is recorded and has no such figure, then the goal does not pass for unmeasured', () => {
  const missing = { ...goal('value', {}), where: { bench: 'hop', title: 'hop: ', figure: 's', of: 'value' as const } }
  assert.throws(() => measuredOf(missing, hop([1], [1])), /hop is recorded and has no "s"/)
})

test('goals of the issue, one by one, have a bound where a bench measures them', () => {
  for (const { goal, where, most, least } of GOALS)
    assert.equal(where !== undefined, (most ?? least) !== undefined, `${goal} has no bound or no bench`)
  assert.equal(new Set(GOALS.map(({ goal }) => goal)).size, GOALS.length)
})

test('nothing is recorded, then the page says so and holds no figure', () => {
  const { goals = '', figures, growth } = performanceBlocks(NOTHING)
  assert.match(goals, new RegExp(`^Of ${GOALS.length} goals 0 are met, 0 are not, ${GOALS.length} are not measured`))
  assert.match(figures ?? '', /^No figures are recorded yet/)
  assert.match(growth ?? '', /^No growth is recorded yet/)
  assert.deepEqual(performancePlots(NOTHING), [])
})

test('a storage that is slower than its goal, recorded, then the page says plainly that it is not met', () => {
  const rate = (value: number) => ({ 'events/s': [value] })
  const of = (ours: number) =>
    goalsBlock({
      benches: {
        storage: record(tableOf('storage: 200 rooms, x', { switchboard: rate(ours), raw: rate(100) }, 'raw')),
      },
    })
  const bound = 'over raw `insertMany` | ≥ 0.7 |'
  assert.ok(of(60).includes(`${bound} 0.60 | **not met** |`), of(60))
  assert.ok(of(80).includes(`${bound} 0.80 | met |`), of(80))
})

test('growth with one cost that climbs, then it is flagged, listed and drawn, and the other is not', () => {
  const recorded = { benches: { growth: record(grown) } }
  const { growth = '', figures = '' } = performanceBlocks(recorded)
  assert.ok(growth.includes('Worse than linear:\n\n- CPU per message, router, as rooms grow\n\n'), growth)
  assert.ok(growth.includes('| router | 0.50 (0.50 … 0.50) | 0.50 (0.50 … 0.50) | **worse than linear** |'), growth)
  assert.ok(growth.includes('| all processes | 0.00 (0.00 … 0.00) |'), growth)
  assert.ok(growth.includes('](performance/rooms-message.svg)'))
  assert.match(figures, /2026-01-02, commit `abc`, containers servers; 2 × A CPU, 8 GiB, linux, Node v24.0.0; 5 pairs/)
  const [drawing, ...more] = performancePlots(recorded)
  assert.equal(drawing?.path, 'docs/performance/rooms-message.svg')
  assert.deepEqual(more, [])
  assert.match(drawing?.text ?? '', />slope 0\.50, worse than linear</)
  assert.equal(performancePlots(recorded)[0]?.text, drawing?.text)
})

test('ticks around values of any size, then they are 1, 2 and 5 and hold all values between them', () => {
  assert.deepEqual(ticksBetween(0.03, 0.4), [0.02, 0.05, 0.1, 0.2, 0.5])
  assert.deepEqual(ticksBetween(1, 10), [1, 2, 5, 10])
  assert.deepEqual(ticksBetween(7, 7), [5, 10])
  assert.deepEqual(ticksBetween(10, 10), [10, 20])
})

test('a drawing, made of curves, has each point where its logarithm belongs, and no text that is markup', () => {
  const points = [1, 10, 100].map((x) => ({ x, median: x, min: x, max: x }))
  const text = plot({ title: 'a < b', xTitle: 'x', curves: [{ name: 'one & all', note: '', points }] })
  assert.ok(text.includes('a &lt; b') && text.includes('one &amp; all') && !text.includes('a < b'))
  assert.ok(text.includes('d="M70.0 340.0L315.0 195.0L560.0 50.0"'), text)
  assert.match(text, /prefers-color-scheme: dark/)
  assert.throws(() => plot({ title: 't', xTitle: 'x', curves: [{ name: '', note: '', points: points.slice(1, 2) }] }))
})

test('a bench recorded anew, then its figures are replaced and those of the others stay', () => {
  const before: Recorded = { benches: { a: record(), b: record(grown) } }
  const after = withRecords(before, { a: record(grown, grown) })
  assert.deepEqual([after.benches.a?.tables.length, after.benches.b?.tables.length], [2, 1])
})
