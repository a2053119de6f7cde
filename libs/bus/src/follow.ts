import { type ConsumerMessages, DeliverPolicy } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/nats-core'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { isInfrastructure } from './infrastructure.ts'
import { incarnationOf } from './streams.ts'

/** One record of a stream. */
export interface StreamRecord {
  readonly subject: string
  readonly seq: number
  /** When the server stored it: milliseconds since the epoch. */
  readonly at: number
  /** Which incarnation of the stream it lies in. */
  readonly incarnation: string
  readonly data: Uint8Array
  readonly headers: MsgHdrs | undefined
}

export interface Followed extends AsyncDisposable {
  /** Resolves when the reader has a consumer for the first time. */
  readonly opened: Promise<void>
}

const PULL = 500
/** Records of one reader that wait for their handler; past it the reader stops and comes back when they are handled. */
const WAITING_MAX = 5_000

/**
 * Reads a stream in order from a sequence on, for ever: the consumer is made again whenever it is lost. The handler's promise is
 * awaited before the next record, so that a slow handler slows the reading. A handler that throws is a bug: `crash`.
 * @param options.from where to begin, and the incarnation of the stream that this sequence belongs to (null: whichever there is).
 * If the stream is another one by now, reading begins at its first record.
 */
export function follow(
  bus: Bus,
  options: {
    readonly stream: string
    readonly filter: string
    readonly from: { readonly seq: number; readonly incarnation: string | null }
    readonly handle: (record: StreamRecord) => void | Promise<void>
    readonly crash: (error: unknown) => void
  },
): Followed {
  const abort = new AbortController()
  let current: ConsumerMessages | undefined
  let opened: (() => void) | undefined
  const firstOpen = new Promise<void>((resolve) => {
    opened = resolve
  })
  const position = { ...options.from }

  const read = async () => {
    const incarnation = await incarnationOf(bus, options.stream)
    if (position.incarnation !== null && position.incarnation !== incarnation) position.seq = 1
    position.incarnation = incarnation
    const consumer = await bus.js.consumers.get(options.stream, {
      filter_subjects: options.filter,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, position.seq),
    })
    const messages = await consumer.consume({ max_messages: PULL })
    current = messages
    if (abort.signal.aborted) messages.stop()
    opened?.()
    for await (const message of messages) {
      if (abort.signal.aborted) return
      const { subject, seq, data, headers, info } = message
      const outcome = options.handle({
        subject,
        seq,
        data,
        headers,
        incarnation,
        at: Math.floor(info.timestampNanos / 1e6),
      })
      if (outcome) await outcome
      position.seq = seq + 1
      if (messages.getPending() > WAITING_MAX) {
        messages.stop()
        return
      }
    }
  }
  const loop = async () => {
    for (let attempt = 0; !abort.signal.aborted; attempt += 1) {
      const before = position.seq
      try {
        await read()
      } catch (error) {
        if (bus.nc.isClosed() || abort.signal.aborted) return
        if (!isInfrastructure(error)) return options.crash(error)
        bus.log.warn(
          { stream: options.stream, filter: options.filter, error: String(error) },
          'reading a stream stopped, trying again',
        )
      }
      if (position.seq > before) attempt = 0
      else await pause(backoffMs(attempt, Math.random), abort.signal)
    }
  }
  const done = loop()
  return {
    opened: firstOpen,
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      current?.stop()
      await done
    },
  }
}
