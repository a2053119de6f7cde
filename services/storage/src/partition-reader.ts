import type { Bus } from '@switchboard/bus/connect'
import { follow, type StreamRecord } from '@switchboard/bus/follow'
import { incarnationOf } from '@switchboard/bus/streams'
import { traceOf } from '@switchboard/bus/trace'
import { MAX } from '@switchboard/contracts/limits'
import type { Span } from '@switchboard/runtime/tracing'
import type { BatchWriter } from './batch-writer.ts'
import type { Clock } from './clock.ts'
import { positionKey } from './documents.ts'
import type { Events } from './events.ts'
import type { Content, Origin } from './record.ts'
import type { Poison } from './to-dead.ts'

type Logged = Extract<Content, { range: unknown }>

export interface PartitionReader {
  readonly bus: Bus
  /** The stored position of a partition, by its key. */
  readonly positionOf: (key: string) => Promise<number>
  readonly writer: BatchWriter
  readonly bury: (poison: Poison) => Promise<void>
  readonly events: Events
  readonly clock: Clock
  readonly crash: (error: unknown) => void
}

export interface Source {
  readonly source: Origin['source']
  readonly partition: number
  readonly stream: string
  readonly filter: string
  /** Of which a stream has so many. */
  readonly filtersInAll: number
  /** @throws when the record is not of ours. */
  readonly parse: (record: StreamRecord) => Content
}

/** Reads one partition from the position that MongoDB holds, until it is disposed. Trouble on the way is retried for ever. */
export function followPartition(reader: PartitionReader, source: Source): AsyncDisposable {
  const { bus, positionOf, writer, events, clock } = reader
  const abort = new AbortController()
  const untilDone = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    for (let attempt = 0; !abort.signal.aborted; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        events.readFailed({ channel: source.source, partition: source.partition, error, attempt })
        await clock.beforeRetry(attempt, abort.signal)
      }
    }
    return undefined
  }
  const position = async () => {
    const incarnation = await incarnationOf(bus, source.stream)
    const saved = await positionOf(positionKey(source.source, source.partition, incarnation))
    return { seq: saved + 1, incarnation }
  }
  // Without a promise where there is nothing to wait for: whoever has one cannot read together with others.
  const handle = (record: StreamRecord): void | Promise<void> => {
    const { seq, incarnation } = record
    const origin: Origin = { source: source.source, partition: source.partition, incarnation, seq }
    events.read(source.source)
    const content = parsed(record)
    return content instanceof Error ? bury(record, origin, content) : add(record, origin, content)
  }
  const parsed = (record: StreamRecord): Content | Error => {
    try {
      return source.parse(record)
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
  const add = (record: StreamRecord, origin: Origin, content: Content): void | Promise<void> => {
    if (abort.signal.aborted) return
    const { subject, data } = record
    const span = 'range' in content ? spanOf(bus, record, content) : undefined
    const full = writer.add({ origin, content, raw: { subject, data }, ...(span && { span }) })
    if (full) return orAborted(full, abort.signal)
  }
  const bury = async (record: StreamRecord, origin: Origin, error: Error): Promise<void> => {
    const { subject, data } = record
    const buried = await untilDone(async () => {
      await reader.bury({ origin, subject, data, reason: String(error) })
      return true
    })
    if (buried) await add(record, origin, { kind: 'nothing' })
  }
  const read = async () => {
    const from = await untilDone(position)
    if (!from) return
    const { stream, filter, filtersInAll } = source
    const reading = { stream, filter, filtersInAll, from, gatherMs: MAX.readGatherMs }
    await using _following = follow(bus, { ...reading, handle, crash: reader.crash })
    await orAborted(new Promise(() => {}), abort.signal)
  }
  const done = read().catch(reader.crash)
  return {
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await done
    },
  }
}

/** Where its entry is traced. */
function spanOf(bus: Bus, { headers }: StreamRecord, { kind, id, range }: Logged): Span | undefined {
  const attributes = { entity: `${kind}:${id}`, first: range.first }
  return bus.tracing?.begin('storage.entry', { cause: traceOf(headers), attributes })
}

/** Waits for the promise, or until the signal aborts, and leaves no listener behind. */
const orAborted = (promise: Promise<unknown>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener('abort', end)
      resolve()
    }
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', end, { once: true })
    promise.then(end, end)
  })
