import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { until } from './world-until.ts'

const SHIFT = new URL('clock-shift.ts', import.meta.url)
const SEEN_MS_MAX = 10_000

/** The wall clock of one process, as its `clock-shift.ts` shows it. */
export interface ShiftableClock {
  /** For `--import`. */
  readonly module: string
  /** The same for the process that runs and for those after it. */
  set(offsetMs: number): void
  /** Resolves when the process has noticed; only while it runs. */
  noticed(): Promise<void>
}

export function shiftableClock(file: string): ShiftableClock {
  const module = new URL(SHIFT)
  module.searchParams.set('file', file)
  let wanted = '0'
  const write = (path: string, text: string) => {
    // Renamed into its place, so that nobody reads half of it.
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  write(file, wanted)
  const seen = () => (existsSync(`${file}.seen`) ? readFileSync(`${file}.seen`, 'utf8') : '0')
  return {
    module: module.href,
    set: (offsetMs) => {
      wanted = String(offsetMs)
      write(file, wanted)
    },
    noticed: () => until('the clock is stepped', SEEN_MS_MAX, async () => seen() === wanted),
  }
}
