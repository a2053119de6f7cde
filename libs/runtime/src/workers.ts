import type { Context } from './context.ts'
import { workerEvents } from './meters.ts'
import type { Table } from './settings.ts'
import { LOOK_MS } from './worker-life.ts'
import { WorkerMetrics } from './worker-metrics.ts'
import { type WorkerEnd, WorkerProcess } from './worker-process.ts'

/** The one worker whose end is the end of all: in the start, or while it stops. It has said why itself. */
export class WorkerEndedError extends Error {
  override name = 'WorkerEndedError'
  readonly code: number
  constructor(code: number) {
    super(`a worker ended with code ${code}`)
    this.code = code
  }
}

/**
 * Several processes of one service on one machine, which share its ports: the kernel gives each its share of the connections.
 * Whoever ends is started again, whoever does not answer is ended first. Disposing stops them all, as this process was stopped.
 */
export class Workers<T extends Table> implements AsyncDisposable {
  readonly #context: Context<T>
  readonly #metrics = new WorkerMetrics()
  readonly #events: ReturnType<typeof workerEvents>
  readonly #workers: readonly WorkerProcess[]
  #looking: NodeJS.Timeout | undefined
  #isUp = false
  #isStopping = false
  /** Called with the end of a worker, as long as they start. */
  #startFailed: (end: WorkerEnd) => void = () => {}

  /** `program` is what each of them runs: this very one. */
  constructor(context: Context<T>, program = process.argv[1] ?? '') {
    this.#context = context
    this.#events = workerEvents(context)
    this.#workers = Array.from(
      { length: context.workers },
      (_, i) =>
        new WorkerProcess({
          worker: i + 1,
          program,
          takeMetrics: (text) => this.#metrics.take(i + 1, text),
          phaseChanged: () => this.#count(),
          ready: (pid) => this.#events.ready(i + 1, pid),
          ended: (end) => this.#ended(end),
        }),
    )
  }

  /**
   * Starts the first, and the others when it is ready: what is wrong for one is wrong for all, and said once.
   * @throws WorkerEndedError when one ends before all are ready.
   */
  async start(): Promise<void> {
    const { health } = this.#context
    health.ready('workers', false)
    const failed = new Promise<never>((_, reject) => {
      this.#startFailed = (end) => reject(startError(end))
    })
    this.#looking = setInterval(() => this.#look(), LOOK_MS)
    const [first, ...others] = this.#workers
    await Promise.race([first?.start(), failed])
    await Promise.race([Promise.all(others.map((worker) => worker.start())), failed])
    this.#isUp = true
    this.#count()
  }

  /** The text exposition of all of them. */
  async metrics(): Promise<string> {
    const answered = await Promise.all(this.#workers.map((worker) => worker.askMetrics()))
    const silent = new Set(this.#workers.filter((_, i) => !answered[i]).map(({ worker }) => worker))
    return this.#metrics.text(await this.#context.meters.text(), silent)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true
    try {
      const ends = await Promise.all(this.#workers.map((worker) => worker.stop()))
      // One that was only beginning to start knew no better answer to SIGTERM than to die of it.
      const failed = ends.find((end) => end !== null && end.code !== 0 && end.signal !== 'SIGTERM')
      if (this.#isUp && failed) throw new WorkerEndedError(failed.code ?? 1)
    } finally {
      clearInterval(this.#looking)
    }
  }

  /** Goes on while they stop: who freezes then would be waited for in vain. */
  #look(): void {
    for (const worker of this.#workers) worker.look(this.#isStopping)
  }

  #ended(end: WorkerEnd): void {
    this.#metrics.ended(end.worker)
    if (this.#isStopping) this.#events.stopped(end)
    else if (this.#isUp) this.#events.ended(end)
    else this.#startFailed(end)
  }

  #count(): void {
    const phases = this.#workers.map(({ phase }) => phase)
    this.#events.phases(phases)
    // One that ended leaves its share of the port to the others: no reason to take nobody at all.
    if (this.#isUp) this.#context.health.ready('workers', phases.includes('ready'))
  }
}

/** Who was killed could not say why. */
function startError({ worker, code, signal }: WorkerEnd): Error {
  if (code !== null) return new WorkerEndedError(code)
  return new Error(
    signal ? `worker ${worker} was ended by ${signal} before it was ready` : `worker ${worker} got no process`,
  )
}
