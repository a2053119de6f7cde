import { cpus, totalmem } from 'node:os'
import type { Table } from './measure/table.ts'

/** What one bench gave, and on what. */
export interface BenchRecord {
  readonly at: string
  /** Of the sources; with a `+` when they were changed and not committed. */
  readonly commit: string
  /** Containers or embedded ones. */
  readonly servers: string
  readonly machine: Machine
  readonly pairs: number
  readonly seconds: number
  readonly tables: readonly Table[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGib: number
  readonly node: string
  readonly platform: string
}

/** The machine belongs to the figures: without it they say nothing. */
export function machineHere(): Machine {
  const [cpu] = cpus()
  const memoryGib = Math.round(totalmem() / 2 ** 30)
  return { cpu: cpu?.model ?? '', cores: cpus().length, memoryGib, node: process.version, platform: process.platform }
}

/** `docs/performance.json`: the newest whole record of each bench. */
export interface Recorded {
  readonly benches: Readonly<Record<string, BenchRecord>>
}

/** What is recorded anew takes the place of the older figures of the same bench; all others stay, each with its own date. */
export const withRecords = (before: Recorded, made: Readonly<Record<string, BenchRecord>>): Recorded => ({
  benches: { ...before.benches, ...made },
})
