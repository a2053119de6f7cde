import { join } from 'node:path'
import type { BotProcesses } from '../fault/bots/processes.ts'
import { RunJournal } from '../fault/run-journal.ts'
import type { Place } from './place.ts'
import type { Release } from './release.ts'

/** What the acts of a run share. */
export interface Scene {
  readonly place: Place
  /** The installation that everything happens to. */
  readonly release: Release
  readonly bots: BotProcesses
  readonly journal: RunJournal
  readonly journalDir: string
  readonly seed: number
  /** Says what was seen: into the report. */
  readonly say: (line: string) => void
  /** Something that should not be. The run goes on, and has failed. */
  readonly wrong: (line: string) => void
}

export const journalOfRun = (journalDir: string): RunJournal => new RunJournal(join(journalDir, 'run.jsonl'))

export const secondsSince = (ms: number): string => `${((performance.now() - ms) / 1_000).toFixed(1)} s`
