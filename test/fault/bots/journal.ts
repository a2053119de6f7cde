import { closeSync, openSync, writeSync } from 'node:fs'
import type { JournalRecord, Operation, Return } from '@switchboard/testkit/history/records'
import type { DeskOperation, DeskReturn } from '@switchboard/testkit/history/records-desk'

/** Milliseconds since the epoch on a clock that never steps, the same for all processes of a machine. */
export const nowMs = (): number => performance.timeOrigin + performance.now()

export interface Who {
  readonly client: string
  readonly user: string
}

type Untimed<R> = R extends unknown ? Omit<R, 'atMs'> : never
/** A record that is about to be written; its time is that of the writing, if it has none of its own. */
export type Entry = Untimed<JournalRecord>

type ResultOf<R> = Omit<R, 'type' | 'atMs' | 'client' | 'user' | 'id'>

/** Lines that wait for the next write; what was seen may wait a moment, what is asked for may not. */
const LINES_MAX = 256
const WAIT_MS_MAX = 100

/**
 * What one process saw, a JSON object a line, only ever appended. A command is on its way only when its `invoke` has been
 * given to the operating system, so a process that is killed leaves no command that nobody knows of.
 */
export class Journal implements Disposable {
  readonly #file: number
  readonly #prefix: string
  #lines: string[] = []
  #timer: NodeJS.Timeout | undefined
  #attempts = 0
  #records = 0
  #isClosed = false

  /** `prefix` makes the ids of attempts unique among processes. */
  constructor(path: string, prefix: string) {
    this.#file = openSync(path, 'a')
    this.#prefix = prefix
  }

  get records(): number {
    return this.#records
  }

  /** After the end of the journal nothing is written any more, and nothing may be asked for. */
  write(entry: Entry | JournalRecord): void {
    if (this.#isClosed) return
    this.#records++
    this.#lines.push(`${JSON.stringify({ atMs: nowMs(), ...entry })}\n`)
    if (this.#lines.length >= LINES_MAX) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), WAIT_MS_MAX)
  }

  /** Before the command leaves. @returns the id of this attempt. */
  invoke({ client, user }: Who, operation: Operation): string {
    return this.#asked((id) => ({ type: 'invoke', client, user, id, operation }))
  }

  /** The same for what a desk decides. */
  invokeDesk({ client, user }: Who, operation: DeskOperation): string {
    return this.#asked((id) => ({ type: 'desk-invoke', client, user, id, operation }))
  }

  returned({ client, user }: Who, id: string, result: ResultOf<Return>): void {
    this.write({ type: 'return', client, user, id, ...result })
  }

  deskReturned({ client, user }: Who, id: string, result: ResultOf<DeskReturn>): void {
    this.write({ type: 'desk-return', client, user, id, ...result })
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#lines.length === 0) return
    const bytes = Buffer.from(this.#lines.join(''))
    this.#lines = []
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written)
  }

  #asked(entry: (id: string) => Entry): string {
    const id = `${this.#prefix}:${++this.#attempts}`
    this.write(entry(id))
    this.flush()
    return id
  }

  [Symbol.dispose](): void {
    this.flush()
    this.#isClosed = true
    closeSync(this.#file)
  }
}
