import { type Growth, growthOf } from '../bench/measure/slope.ts'
import type { Spread } from '../bench/measure/statistics.ts'
import { gridOf, type Table } from '../bench/measure/table.ts'
import type { BenchRecord, Recorded } from '../bench/record.ts'
import { goalsBlock } from './docs-goals.ts'
import { code, table } from './docs-markdown.ts'
import { plot } from './docs-plot.ts'

export const NOTHING: Recorded = { benches: {} }
const UNIT = /^CPU µs per ([^,]+), (.+)$/
const NONE = 'No figures are recorded yet: `npm run bench -- --record` measures and records them.'
const NO_GROWTH = 'No growth is recorded yet: `npm run bench -- growth --record` measures and records it.'

/** What lies between the markers of docs/performance.md. */
export function performanceBlocks(recorded: Recorded): Record<string, string> {
  const benches = Object.entries(recorded.benches)
  const figures = benches.map(([name, record]) => `### ${name}\n\n${recordLine(record)}\n\n${figuresOf(record)}`)
  return {
    goals: goalsBlock(recorded),
    figures: figures.join('\n\n') || NONE,
    growth: growthBlock(recorded) ?? NO_GROWTH,
  }
}

/** Where and when, in one line: figures without it say nothing. */
function recordLine({ at, commit, servers, machine, pairs, seconds }: BenchRecord): string {
  const { cpu, cores, memoryGib, node, platform } = machine
  return (
    `${at.slice(0, 10)}, commit ${code(commit)}, ${servers} servers; ${cores} × ${cpu.trim()}, ${memoryGib} GiB, ${platform}, ` +
    `Node ${node}; ${pairs} pairs, ${seconds} s a segment.`
  )
}

function figuresOf({ tables }: BenchRecord): string {
  return tables
    .map((one) => {
      const [head = [], ...rows] = gridOf(one)
      return `**${one.title}**\n\n${table(head, rows)}`
    })
    .join('\n\n')
}

/** The costs of one unit of work on one axis, drawn together. */
interface Plotted {
  readonly axis: string
  readonly unit: string
  readonly title: string
  readonly curves: readonly Growth[]
}

const growthTables = ({ benches }: Recorded): readonly Table[] =>
  (benches.growth?.tables ?? []).filter(({ axis }) => axis !== undefined)

function plotsOf(recorded: Recorded): Plotted[] {
  return growthTables(recorded).flatMap((one) => {
    const byUnit = Map.groupBy(growthOf(one), ({ figure }) => UNIT.exec(figure)?.[1] ?? '')
    return [...byUnit].map(([unit, curves]) => ({ axis: one.axis ?? '', unit, title: one.title, curves }))
  })
}

const pathOf = ({ axis, unit }: Plotted): string => `performance/${`${axis} ${unit}`.replaceAll(/[^a-z]+/g, '-')}.svg`

const processOf = ({ figure }: Growth): string => UNIT.exec(figure)?.[2] ?? figure

/** The drawings, by their paths under docs. */
export function performancePlots(recorded: Recorded): { path: string; text: string }[] {
  return plotsOf(recorded).map((plotted) => ({
    path: `docs/${pathOf(plotted)}`,
    text: plot({
      title: `CPU µs per ${plotted.unit}, as ${plotted.axis} grow`,
      xTitle: plotted.axis,
      curves: plotted.curves.map((curve) => ({
        name: processOf(curve),
        note: `slope ${signed(curve.slope.median)}${curve.isWorse ? ', worse than linear' : ''}`,
        points: curve.sizes.map((x, i) => ({ x, ...(curve.medians[i] ?? { median: 1, min: 1, max: 1 }) })),
      })),
    }),
  }))
}

const signed = (value: number): string => `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(2)}`
const slopeText = ({ median, min, max }: Spread): string => `${signed(median)} (${signed(min)} … ${signed(max)})`

function growthBlock(recorded: Recorded): string | undefined {
  const plots = plotsOf(recorded)
  const { growth } = recorded.benches
  if (!growth || plots.length === 0) return undefined
  const worse = plots.flatMap(({ axis, unit, curves }) =>
    curves.filter(({ isWorse }) => isWorse).map((curve) => `- CPU per ${unit}, ${processOf(curve)}, as ${axis} grow`),
  )
  const flagged = worse.length === 0 ? 'Nothing is worse than linear.' : `Worse than linear:\n\n${worse.join('\n')}`
  return [recordLine(growth), flagged, ...plots.map(plotText)].join('\n\n')
}

function plotText(plotted: Plotted): string {
  const { axis, unit, title, curves } = plotted
  const head = [`CPU per ${unit}`, 'Slope', 'Slope of the last step', '']
  const rows = curves.map((curve) => [
    processOf(curve),
    slopeText(curve.slope),
    slopeText(curve.lastStep),
    curve.isWorse ? '**worse than linear**' : '',
  ])
  const image = `![CPU per ${unit} as ${axis} grow](${pathOf(plotted)})`
  return `### ${unit}, as ${axis} grow\n\n${title}\n\n${image}\n\n${table(head, rows)}`
}
