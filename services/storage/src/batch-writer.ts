import { MAX } from '@switchboard/contracts/limits'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { StoredRecord } from './record.ts'

export interface WriterLimits {
  readonly bulkEvents: number
  readonly bulkMs: number
  /** Past it reading pauses. */
  readonly queueEvents: number
}

export interface WriterOptions {
  readonly write: (records: readonly StoredRecord[]) => Promise<void>
  /** Whether this error says that a record can never be written. */
  readonly isPoison: (error: unknown) => boolean
  /** Waits until the record lies in `dead`. */
  readonly bury: (record: StoredRecord, reason: string) => Promise<void>
  readonly failed: (error: unknown, attempt: number) => void
  /** How many events wait, and since when the oldest does: milliseconds since the epoch. */
  readonly waiting: (events: number, sinceMs: number | null) => void
  readonly limits?: WriterLimits
}

export interface BatchWriter extends AsyncDisposable {
  /** Takes a record. The promise resolves when there is room for the next one. */
  add(record: StoredRecord): Promise<void> | undefined
  /** Saves what waits, for at most `ms`; what is left is read again by whoever comes next. */
  finish(ms: number): Promise<void>
}

const weightOf = ({ content }: StoredRecord): number => ('events' in content ? content.events.length : 1)

interface Waiting {
  readonly record: StoredRecord
  readonly since: number
}

/**
 * Gathers records into batches: at the latest when so many events wait, or the oldest has waited so long. One batch at a time. Errors
 * of the infrastructure are retried for ever, while reading pauses at the limit; poison is found by halving and buried.
 */
export function createBatchWriter(options: WriterOptions): BatchWriter {
  const { bulkEvents, bulkMs, queueEvents } = options.limits ?? {
    bulkEvents: MAX.bulkEvents,
    bulkMs: MAX.bulkMs,
    queueEvents: MAX.storageQueue,
  }
  const queue: Waiting[] = []
  const abort = new AbortController()
  let weight = 0
  let isFinishing = false
  let wake: (() => void) | undefined
  let roomAgain = Promise.withResolvers<void>()

  const report = () => options.waiting(weight, queue.at(0)?.since ?? null)
  const dueInMs = () =>
    isFinishing || weight >= bulkEvents ? 0 : Math.max(0, (queue[0]?.since ?? 0) + bulkMs - Date.now())

  const take = (): StoredRecord[] => {
    let taken = 0
    let count = 0
    for (const { record } of queue) {
      if (count > 0 && taken + weightOf(record) > bulkEvents) break
      taken += weightOf(record)
      count += 1
    }
    weight -= taken
    return queue.splice(0, count).map(({ record }) => record)
  }
  const sleep = (ms?: number) =>
    new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  /** Tries for ever, until it is done or the process stops. @returns the error if it is poison. */
  const untilDone = async (work: () => Promise<void>): Promise<unknown> => {
    for (let attempt = 0; !abort.signal.aborted; attempt += 1) {
      try {
        await work()
        return undefined
      } catch (error) {
        if (options.isPoison(error)) return error
        options.failed(error, attempt)
        await pause(backoffMs(attempt, Math.random), abort.signal)
      }
    }
    return undefined
  }
  const store = async (records: readonly StoredRecord[]): Promise<void> => {
    const poison = await untilDone(() => options.write(records))
    if (poison === undefined) return
    const [first] = records
    if (first && records.length === 1) {
      await untilDone(() => options.bury(first, String(poison)))
      await untilDone(() => options.write([{ origin: first.origin, content: { kind: 'nothing' } }]))
      return
    }
    const half = Math.ceil(records.length / 2)
    await store(records.slice(0, half))
    await store(records.slice(half))
  }
  const loop = async () => {
    while (!abort.signal.aborted) {
      if (queue.length === 0) {
        if (isFinishing) return
        await sleep()
        continue
      }
      const ms = dueInMs()
      if (ms > 0) {
        await sleep(ms)
        continue
      }
      await store(take())
      report()
      if (weight < queueEvents) {
        roomAgain.resolve()
        roomAgain = Promise.withResolvers()
      }
    }
  }
  const done = loop()
  return {
    add: (record) => {
      queue.push({ record, since: Date.now() })
      weight += weightOf(record)
      report()
      if (queue.length === 1 || weight >= bulkEvents) wake?.()
      return weight >= queueEvents ? roomAgain.promise : undefined
    },
    finish: async (ms) => {
      isFinishing = true
      wake?.()
      await Promise.race([done, pause(ms)])
    },
    [Symbol.asyncDispose]: async () => {
      isFinishing = true
      abort.abort()
      wake?.()
      await done
    },
  }
}
