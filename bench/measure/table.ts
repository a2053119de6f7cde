import type { Samples } from './pairs.ts'
import { ratios, type Spread, spreadOf } from './statistics.ts'

/** The figures of one piece of work, each beside the same figure of its limit. */
export interface Table {
  readonly title: string
  /** Whose figures the others are held against. */
  readonly limit?: string
  /** What grows from column to column, which are called by their sizes. */
  readonly axis?: string
  readonly rows: readonly Row[]
}

export interface Row {
  /** With its unit: `CPU µs per delivery, all servers`. */
  readonly figure: string
  readonly of: Readonly<Record<string, Spread & { readonly samples: readonly number[] }>>
  /** Of each subject to the limit, pair by pair. */
  readonly ratio: Readonly<Record<string, Spread>>
}

/** Puts the figures of the same name side by side, in the order in which the subjects name them. */
export function tableOf(title: string, samples: Readonly<Record<string, Samples>>, limit?: string): Table {
  const subjects = Object.keys(samples)
  const figures = new Set(subjects.flatMap((subject) => Object.keys(samples[subject] ?? {})))
  const rows = [...figures].map((figure): Row => {
    const has = subjects.flatMap((subject) => {
      const values = samples[subject]?.[figure]
      return values ? [{ subject, values }] : []
    })
    const limits = limit === undefined ? undefined : samples[limit]?.[figure]
    // Nothing is no limit to be measured against: `held back`, a process that used no tick.
    const others = limits?.every((value) => value !== 0) ? has.filter(({ subject }) => subject !== limit) : []
    return {
      figure,
      of: Object.fromEntries(has.map(({ subject, values }) => [subject, { ...spreadOf(values), samples: values }])),
      ratio: Object.fromEntries(others.map(({ subject, values }) => [subject, spreadOf(ratios(values, limits ?? []))])),
    }
  })
  return { title, ...(limit === undefined ? {} : { limit }), rows }
}

const DIGITS = 3

/** Three digits that matter, thousands apart. */
export function shortly(value: number): string {
  const decimals = Math.max(0, DIGITS - Math.max(1, Math.floor(Math.log10(Math.max(Math.abs(value), 0.001))) + 1))
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

/** `12.3 (11.9–13.0)`: the median, and between which it was. */
export const spreadText = ({ median, min, max }: Spread): string =>
  `${shortly(median)} (${shortly(min)}–${shortly(max)})`

/** A line for each figure after the head, a column for each subject and for each ratio. */
export function gridOf({ limit, rows }: Table): string[][] {
  const subjects = [...new Set(rows.flatMap(({ of }) => Object.keys(of)))]
  const compared = [...new Set(rows.flatMap(({ ratio }) => Object.keys(ratio)))]
  const head = ['', ...subjects, ...compared.map((subject) => `${subject} ÷ ${limit}`)]
  const lines = rows.map(({ figure, of, ratio }) => [
    figure,
    ...subjects.map((subject) => (of[subject] ? spreadText(of[subject]) : '')),
    ...compared.map((subject) => (ratio[subject] ? spreadText(ratio[subject]) : '')),
  ])
  return [head, ...lines]
}

/** For the terminal. */
export function printed(table: Table): string[] {
  const grid = gridOf(table)
  const widths = (grid[0] ?? []).map((_, i) => Math.max(...grid.map((line) => line[i]?.length ?? 0)))
  const text = (line: readonly string[]) =>
    `  ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()
  return [table.title, ...grid.map(text)]
}
