import { AckPolicy, type ConsumerMessages, JetStreamApiError, type JsMsg } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import type { DeadRecord } from '@switchboard/contracts/records'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { encodeJson } from './core.ts'
import type { StreamRecord } from './follow.ts'
import { isInfrastructure } from './infrastructure.ts'
import { HEARTBEAT_MS, stopWhenLost } from './lost.ts'
import { patiently, START_MS_MAX } from './patience.ts'

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
  readonly handle: (record: WorkRecord) => Promise<Outcome>
  readonly crash: (error: unknown) => void
}

const ACK_WAIT_MS = 30_000
const INFRASTRUCTURE_RETRY_MS = 1_000
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
  const inHand = new Map<JsMsg, Promise<void>>()
  let current: ConsumerMessages | undefined
  await patiently(() => ensureConsumer(bus, options), { msMax: START_MS_MAX, log: bus.log })

  // One for all in hand: a timer for each record would cost more than most records do.
  const working = setInterval(() => {
    for (const message of inHand.keys()) message.working()
  }, ACK_WAIT_MS / 2)
  const settle = async (message: JsMsg) => {
    try {
      const outcome = await decide(bus, options, message)
      if (outcome.kind === 'done') message.ack()
      else if (outcome.kind === 'retry') message.nak(outcome.afterMs)
      else {
        await bury(bus, {
          service: options.service,
          channel: options.channel,
          subject: message.subject,
          stream_seq: message.seq,
          reason: outcome.reason,
          at: Date.now(),
          data: message.data,
        })
        message.term(outcome.reason)
      }
    } catch (error) {
      // Not acknowledged: the server gives it out again after its wait.
      bus.log.warn({ channel: options.channel, error: String(error) }, 'a record stays for another try')
    }
  }
  const read = async () => {
    const consumer = await bus.js.consumers.get(options.stream, options.durable)
    const messages = await consumer.consume({ max_messages: options.parallel, idle_heartbeat: HEARTBEAT_MS })
    current = messages
    void stopWhenLost(bus, messages)
    if (abort.signal.aborted) messages.stop()
    for await (const message of messages) {
      const settled = settle(message).finally(() => inHand.delete(message))
      inHand.set(message, settled)
    }
  }
  const loop = async () => {
    for (let attempt = 0; !abort.signal.aborted; attempt += 1) {
      try {
        await read()
        attempt = 0
      } catch (error) {
        if (bus.nc.isClosed() || abort.signal.aborted) return
        if (!isInfrastructure(error)) return options.crash(error)
        bus.log.warn({ channel: options.channel, error: String(error) }, 'consuming stopped, trying again')
        if (error instanceof JetStreamApiError) await ensureConsumer(bus, options).catch(() => {})
      }
      await pause(backoffMs(attempt, Math.random, { max: RETRY_MS_MAX }), abort.signal)
    }
  }
  const finished = loop()
  return {
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      current?.stop()
      await finished
      await Promise.all(inHand.values())
      clearInterval(working)
    },
  }
}

async function decide(bus: Bus, options: WorkOptions, message: JsMsg): Promise<Outcome> {
  const { subject, seq, data, headers, info } = message
  const record = {
    subject,
    seq,
    data,
    headers,
    at: Math.floor(info.timestampNanos / 1e6),
    incarnation: '',
    attempt: info.deliveryCount,
  }
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
