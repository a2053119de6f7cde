import { AckPolicy } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { MAX } from '@switchboard/contracts/limits'
import type { DeadRecord } from '@switchboard/contracts/records'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import { InHand } from '@switchboard/runtime/in-hand'
import type { Bus } from './connect.ts'
import { encodeJson } from './core.ts'
import type { StreamRecord } from './follow.ts'
import { isInfrastructure } from './infrastructure.ts'
import { patiently, START_MS_MAX } from './patience.ts'
import { type Pulled, pull } from './pull.ts'

/** What a handler says of a record. Only this file acknowledges. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'reject'; readonly reason: string }

export const done: Outcome = { kind: 'done' }
/** Again, not before `afterMs` milliseconds. */
export const retry = (afterMs: number): Outcome => ({ kind: 'retry', afterMs })
/** Never again: it goes to `dead` with its reason. */
export const reject = (reason: string): Outcome => ({ kind: 'reject', reason })

export interface WorkRecord extends StreamRecord {
  /** 1 for the first delivery. */
  readonly attempt: number
}

export interface WorkOptions {
  readonly service: string
  /** Name of the channel, for the dead letters. */
  readonly channel: string
  readonly stream: string
  /** Shared by all pods that name it. */
  readonly durable: string
  /** None is the whole stream, which is the cheapest for the server. */
  readonly filter?: string
  /** Records that all pods together have in hand. */
  readonly parallel: number
  /** Bytes that this pod has in hand, in place of `MAX.workInHandBytes`. */
  readonly bytesMax?: number
  readonly handle: (record: WorkRecord) => Promise<Outcome>
  readonly crash: (error: unknown) => void
}

const ACK_WAIT_MS = 30_000
/** Records that are asked for at once: what comes is in memory before anybody can look at its size. */
const PULL_MAX = 500
const INFRASTRUCTURE_RETRY_MS = 1_000
/** What the server hears of a record. (ADR 15 of the NATS architecture.) */
const WORD = {
  done: '+ACK',
  retry: (afterMs: number) => `-NAK ${JSON.stringify({ delay: nanos(afterMs) })}`,
  working: '+WPI',
  never: '+TERM',
} as const
/** Between two tries to read while JetStream cannot be read. */
const RETRY_MS_MAX = 1_000

/** Records the payload and the reason where operators look, and waits until the stream has it. */
export async function bury(
  bus: Bus,
  dead: Omit<DeadRecord, 'payload' | 'at'> & { data: Uint8Array; at: number },
): Promise<void> {
  const { data, ...rest } = dead
  const payload = Buffer.from(data.subarray(0, 65_536)).toString('base64')
  await bus.js.publish(bus.names.dead(dead.service), encodeJson({ ...rest, payload } satisfies DeadRecord))
}

async function ensureConsumer(bus: Bus, options: WorkOptions): Promise<void> {
  const config = {
    durable_name: options.durable,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    ...(options.filter !== undefined && { filter_subject: options.filter }),
    max_ack_pending: options.parallel,
    // An outage of ours must not turn records into dead letters; `reject` is the only way there.
    max_deliver: -1,
  }
  await bus.jsm.consumers.add(options.stream, config)
}

/** Consumes a stream with others through one durable consumer, at least once, in no order. Disposing waits for what is in hand. */
export async function consumeWork(bus: Bus, options: WorkOptions): Promise<AsyncDisposable> {
  const abort = new AbortController()
  const inHand = new Map<Pulled, Promise<void>>()
  const share = new InHand(options.bytesMax ?? MAX.workInHandBytes).share()
  await patiently(() => ensureConsumer(bus, options), { msMax: START_MS_MAX, log: bus.log })

  // One for all in hand: a timer for each record would cost more than most records do.
  const working = setInterval(() => {
    if (!bus.nc.isClosed()) for (const { reply } of inHand.keys()) bus.nc.publish(reply, WORD.working)
  }, ACK_WAIT_MS / 2)
  const read = async () => {
    const { stream, durable: consumer, parallel } = options
    const batch = Math.min(PULL_MAX, parallel)
    const reading = { stream, consumer, batch, gatherMs: MAX.readGatherMs, signal: abort.signal }
    for await (const records of pull(bus, reading)) {
      for (const record of records) {
        const free = share.take(record.data.byteLength)
        const settled = settle(bus, options, record).finally(() => {
          inHand.delete(record)
          free()
        })
        inHand.set(record, settled)
      }
      await share.room()
    }
  }
  const loop = async () => {
    for (let attempt = 0; !abort.signal.aborted; attempt += 1) {
      try {
        // It may be gone with its stream; where it is there, this changes nothing.
        if (attempt > 0) await ensureConsumer(bus, options)
        await read()
        attempt = 0
      } catch (error) {
        if (bus.nc.isClosed() || abort.signal.aborted) return
        if (!isInfrastructure(error)) return options.crash(error)
        bus.log.warn({ channel: options.channel, error: String(error) }, 'consuming stopped, trying again')
      }
      await pause(backoffMs(attempt, Math.random, { max: RETRY_MS_MAX }), abort.signal)
    }
  }
  const finished = loop()
  return {
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await finished
      await Promise.all(inHand.values())
      clearInterval(working)
    },
  }
}

/** Decides about a record and tells the server, or leaves it for another try. */
async function settle(bus: Bus, options: WorkOptions, record: Pulled): Promise<void> {
  const answer = (word: string) => bus.nc.publish(record.reply, word)
  try {
    const outcome = await decide(bus, options, record)
    if (outcome.kind === 'done') answer(WORD.done)
    else if (outcome.kind === 'retry') answer(WORD.retry(outcome.afterMs))
    else {
      await bury(bus, {
        service: options.service,
        channel: options.channel,
        subject: record.subject,
        stream_seq: record.seq,
        reason: outcome.reason,
        at: Date.now(),
        data: record.data,
      })
      answer(WORD.never)
    }
  } catch (error) {
    // Not acknowledged: the server gives it out again after its wait.
    bus.log.warn({ channel: options.channel, error: String(error) }, 'a record stays for another try')
  }
}

async function decide(bus: Bus, options: WorkOptions, pulled: Pulled): Promise<Outcome> {
  const { subject, seq, at, attempt, data, headers } = pulled
  const record = { subject, seq, at, attempt, data, headers, incarnation: '' }
  try {
    return await options.handle(record)
  } catch (error) {
    if (isInfrastructure(error)) return retry(INFRASTRUCTURE_RETRY_MS)
    bus.log.error(
      { channel: options.channel, error: String(error), stack: error instanceof Error ? error.stack : undefined },
      'a record is poison',
    )
    return reject(String(error))
  }
}
