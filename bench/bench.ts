import type { Table } from './measure/table.ts'
import type { Ground } from './stage.ts'

export interface BenchOptions {
  readonly ground: Ground
  /** Pairs that count. */
  readonly pairs: number
  /** Of one segment. */
  readonly seconds: number
  /** A share of the usual size of everything (rooms, people, rates), to try out that it works. 1 is what is recorded. */
  readonly scale: number
  readonly report: (line: string) => void
}

/** One piece of work, measured beside its limit. */
export interface Bench {
  readonly name: string
  readonly about: string
  /** Runs only when it is named. */
  readonly isByHand?: boolean
  /** @throws VoidRunError when anything was lost, repeated or reordered. */
  run(options: BenchOptions): Promise<readonly Table[]>
}

/** A size at this scale, never below the least that makes sense. */
export const scaled = (size: number, scale: number, least: number): number => Math.max(least, Math.round(size * scale))
