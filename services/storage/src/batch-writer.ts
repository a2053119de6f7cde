import { MAX } from '@switchboard/contracts/limits'
import type { Clock } from './clock.ts'
import type { StoredRecord } from './record.ts'

export interface WriterLimits {
  readonly bulkEvents: number
  readonly bulkMs: number
  /** Past either of these reading pauses. */
  readonly queueEvents: number
  readonly queueBytes: number
}

export interface WriterOptions {
  readonly write: (records: readonly StoredRecord[]) => Promise<void>
  /** Whether this error says that a record can never be written. */
  readonly isPoison: (error: unknown) => boolean
  /** Waits until the record lies in `dead`. */
  readonly bury: (record: StoredRecord, reason: string) => Promise<void>
  readonly failed: (error: unknown, attempt: number) => void
  /** How many events wait, and for how many milliseconds the oldest has; 0 when none does. */
  readonly waiting: (events: number, forMs: number) => void
  readonly clock: Clock
  readonly limits?: WriterLimits
}

const LIMITS: WriterLimits = {
  bulkEvents: MAX.bulkEvents,
  bulkMs: MAX.bulkMs,
  queueEvents: MAX.storageQueue,
  queueBytes: MAX.storageQueueBytes,
}

const weightOf = ({ content }: StoredRecord): number => ('events' in content ? content.events.length : 1)

const bytesOf = ({ raw }: StoredRecord): number => raw?.data.byteLength ?? 0

interface Waiting {
  readonly record: StoredRecord
  readonly since: number
}

/**
 * Gathers records into batches: at the latest when so many events wait, or the oldest has waited so long. One batch at a time. Errors
 * of the infrastructure are retried for ever, while reading pauses at the limit; poison is found by halving and buried.
 */
export class BatchWriter implements AsyncDisposable {
  readonly #options: WriterOptions
  readonly #limits: WriterLimits
  readonly #queue: Waiting[] = []
  readonly #abort = new AbortController()
  readonly #done: Promise<void>
  #weight = 0
  #bytes = 0
  /** Of the batch that is being written. */
  #inHand = { weight: 0, since: Number.POSITIVE_INFINITY }
  #isFinishing = false
  #wake = () => {}
  #roomAgain = Promise.withResolvers<void>()

  constructor(options: WriterOptions) {
    this.#options = options
    this.#limits = options.limits ?? LIMITS
    this.#done = this.#run()
  }

  /** Takes a record. The promise resolves when there is room for the next one. */
  add(record: StoredRecord): Promise<void> | undefined {
    this.#queue.push({ record, since: this.#options.clock.steadyMs() })
    this.#weight += weightOf(record)
    this.#bytes += bytesOf(record)
    this.#report()
    if (this.#queue.length === 1 || this.#weight >= this.#limits.bulkEvents) this.#wake()
    return this.#isFull ? this.#roomAgain.promise : undefined
  }

  get #isFull(): boolean {
    const { queueEvents, queueBytes } = this.#limits
    return this.#weight >= queueEvents || this.#bytes >= queueBytes
  }

  /** Saves what waits, for at most `ms`; what is left is read again by whoever comes next. */
  async finish(ms: number): Promise<void> {
    this.#isFinishing = true
    this.#wake()
    const enough = new AbortController()
    await Promise.race([this.#done, this.#options.clock.pause(ms, enough.signal)])
    enough.abort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isFinishing = true
    this.#abort.abort()
    this.#wake()
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      if (this.#queue.length === 0 && this.#isFinishing) return
      const ms = this.#dueInMs()
      if (ms > 0) {
        await this.#rest(ms)
        continue
      }
      await this.#store(this.#take())
      this.#inHand = { weight: 0, since: Number.POSITIVE_INFINITY }
      this.#report()
      if (this.#isFull) continue
      this.#roomAgain.resolve()
      this.#roomAgain = Promise.withResolvers()
    }
  }

  /** When the next batch is due; never while nothing waits. */
  #dueInMs(): number {
    const [oldest] = this.#queue
    if (!oldest) return Number.POSITIVE_INFINITY
    if (this.#isFinishing || this.#weight >= this.#limits.bulkEvents) return 0
    return Math.max(0, oldest.since + this.#limits.bulkMs - this.#options.clock.steadyMs())
  }

  /** Waits so long, or until it is woken. */
  #rest(ms: number): Promise<void> {
    const woken = Promise.withResolvers<void>()
    const abort = new AbortController()
    this.#wake = () => {
      abort.abort()
      woken.resolve()
    }
    return Number.isFinite(ms) ? this.#options.clock.pause(ms, abort.signal) : woken.promise
  }

  /** As many records as one batch may hold, at least one. */
  #take(): StoredRecord[] {
    let taken = 0
    let count = 0
    for (const { record } of this.#queue) {
      if (count > 0 && taken + weightOf(record) > this.#limits.bulkEvents) break
      taken += weightOf(record)
      count += 1
    }
    this.#weight -= taken
    this.#inHand = { weight: taken, since: this.#queue[0]?.since ?? Number.POSITIVE_INFINITY }
    const records = this.#queue.splice(0, count).map(({ record }) => record)
    for (const record of records) this.#bytes -= bytesOf(record)
    return records
  }

  async #store(records: readonly StoredRecord[]): Promise<void> {
    const { write, bury } = this.#options
    const poison = await this.#untilDone(() => write(records))
    if (poison === undefined) return
    const [first] = records
    if (first && records.length === 1) {
      await this.#untilDone(() => bury(first, String(poison)))
      await this.#untilDone(() => write([{ origin: first.origin, content: { kind: 'nothing' } }]))
      return
    }
    const half = Math.ceil(records.length / 2)
    await this.#store(records.slice(0, half))
    await this.#store(records.slice(half))
  }

  /** Tries for ever, until it is done or the process stops. @returns the error if it is poison. */
  async #untilDone(work: () => Promise<void>): Promise<unknown> {
    const { isPoison, failed, clock } = this.#options
    for (let attempt = 0; !this.#abort.signal.aborted; attempt += 1) {
      try {
        await work()
        return undefined
      } catch (error) {
        if (isPoison(error)) return error
        failed(error, attempt)
        this.#report()
        await clock.beforeRetry(attempt, this.#abort.signal)
      }
    }
    return undefined
  }

  #report(): void {
    const since = Math.min(this.#inHand.since, this.#queue.at(0)?.since ?? Number.POSITIVE_INFINITY)
    const forMs = Math.max(0, this.#options.clock.steadyMs() - since)
    this.#options.waiting(this.#weight + this.#inHand.weight, forMs)
  }
}
