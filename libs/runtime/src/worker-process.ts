import { type ChildProcess, fork } from 'node:child_process'
import { DeadlineError, within } from './deadline.ts'
import { type EndCause, type Phase, WorkerLife } from './worker-life.ts'
import { type FromWorker, type ToWorker, workerArgument } from './worker-words.ts'

/** Far below the ten seconds after which Prometheus gives a scrape up. */
const METRICS_MS_MAX = 2_000

export interface WorkerEnd {
  readonly worker: number
  readonly pid: number
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly cause: EndCause
  /** After which it is started again. */
  readonly restMs: number
}

export interface WorkerParts {
  /** From 1 on. */
  readonly worker: number
  readonly program: string
  takeMetrics(text: string): void
  phaseChanged(): void
  ready(pid: number): void
  ended(end: WorkerEnd): void
}

/** One worker, over all the processes that it is after each other. */
export class WorkerProcess {
  readonly worker: number
  readonly #parts: WorkerParts
  readonly #life = new WorkerLife()
  #child: ChildProcess | null = null
  #gone: Promise<WorkerEnd> | null = null
  readonly #becameReady = Promise.withResolvers<void>()
  #metrics: PromiseWithResolvers<boolean> | null = null

  constructor(parts: WorkerParts) {
    this.worker = parts.worker
    this.#parts = parts
  }

  get phase(): Phase {
    return this.#life.phase
  }

  /** Resolves when it is ready for the first time. */
  start(): Promise<void> {
    this.#launch()
    return this.#becameReady.promise
  }

  /** Does what is due. One that is to stop is not started again. */
  look(isStopping: boolean): void {
    if (this.#child === null && isStopping) return
    const order = this.#life.look()
    if (order === 'ask') this.#tell({ ask: 'alive' })
    if (order === 'kill') this.#child?.kill('SIGKILL')
    if (order === 'start') this.#launch()
    if (order === 'kill' || order === 'start') this.#parts.phaseChanged()
  }

  /** @returns whether its metrics came. */
  async askMetrics(): Promise<boolean> {
    if (this.#life.phase !== 'ready') return false
    if (this.#metrics === null) {
      this.#metrics = Promise.withResolvers()
      this.#tell({ ask: 'metrics' })
    }
    return within(METRICS_MS_MAX, this.#metrics.promise, 'asking a worker').catch((error) => {
      if (error instanceof DeadlineError) return false
      throw error
    })
  }

  /** Asks it to stop, and waits for that. @returns how it ended, or null when it did not run. */
  async stop(): Promise<WorkerEnd | null> {
    this.#child?.kill('SIGTERM')
    return this.#child && this.#gone
  }

  #launch(): void {
    // In the same process group, with the same output and environment, and with what this one was told to load beforehand.
    const child = fork(this.#parts.program, [workerArgument(this.worker)])
    this.#child = child
    this.#life.started()
    child.on('message', (word: FromWorker) => {
      // What it said may be read after its end; by then it is counted.
      if (this.#child === child) this.#hear(word, child)
    })
    this.#gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(this.#end(child, { code, signal })))
      // There was no process to exit: the machine gives no more of them.
      child.once('error', () => child.pid === undefined && resolve(this.#end(child, { code: null, signal: null })))
    })
  }

  #hear(word: FromWorker, { pid = 0 }: ChildProcess): void {
    this.#life.heard()
    if (word.say === 'ready') {
      this.#life.ready()
      this.#becameReady.resolve()
      this.#parts.ready(pid)
      this.#parts.phaseChanged()
    }
    if (word.say === 'metrics') {
      this.#parts.takeMetrics(word.text)
      this.#answerMetrics(true)
    }
  }

  #answerMetrics(came: boolean): void {
    this.#metrics?.resolve(came)
    this.#metrics = null
  }

  #end({ pid = 0 }: ChildProcess, how: Pick<WorkerEnd, 'code' | 'signal'>): WorkerEnd {
    this.#child = null
    this.#answerMetrics(false)
    const end = { worker: this.worker, pid, ...how, ...this.#life.ended(Math.random) }
    this.#parts.ended(end)
    this.#parts.phaseChanged()
    return end
  }

  #tell(word: ToWorker): void {
    // A channel that is closed already belongs to one who is about to end.
    this.#child?.send(word, () => {})
  }
}
