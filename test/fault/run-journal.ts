import { appendFileSync } from 'node:fs'
import type { JournalRecord } from '@switchboard/testkit/history/records'

type Untimed<R> = R extends unknown ? Omit<R, 'atMs'> & { readonly atMs?: number } : never

/** What the run itself writes down, beside the journals of its bots. Each line is on disk before anything else happens. */
export class RunJournal {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Milliseconds since the epoch on a clock that never steps. */
  nowMs(): number {
    return performance.timeOrigin + performance.now()
  }

  write(record: Untimed<JournalRecord>): void {
    appendFileSync(this.#path, `${JSON.stringify({ atMs: this.nowMs(), ...record })}\n`)
  }
}
