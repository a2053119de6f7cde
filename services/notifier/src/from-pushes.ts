/**
 * channel    pushes (JetStream work queue)
 * comes      one notification for one device, or one event for one webhook
 * goes       after a short delay and a last look whether it was read, to the device's provider; to the webhook at once
 * guarantee  claimed before it is sent, so never sent by two; a push not after a crash, and once more where no answer came
 * order      none
 * acked      after the provider's last word, or when there is nothing to say any more
 */
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson } from '@switchboard/bus/core'
import { traceOf } from '@switchboard/bus/trace'
import { consumeWork, done, retry, type Outcome as WorkOutcome, type WorkRecord } from '@switchboard/bus/work'
import type { Device, HookRecord, PushRecord } from '@switchboard/contracts/records'
import { pausing } from '@switchboard/runtime/deadline'
import { createSlots } from '@switchboard/runtime/slots'
import { type Span, throughSpan } from '@switchboard/runtime/tracing'
import type { Delivery } from './deliver.ts'
import type { Events } from './events.ts'
import { toDead } from './to-dead.ts'
import { WEBHOOKS } from './to-pushes.ts'

/**
 * Pushes that all notifiers together have in hand for one provider, most of them waiting for their time. Waiting in
 * memory costs less than another delivery; at three seconds each this is 3,300 pushes a second.
 */
const IN_HAND_MAX = 10_000
/** Pushes that one notifier sends to one provider at once: two connections of 500 streams. */
const SENDING_MAX = 1_000
/** Deliveries at once: many servers, none of which is as quick as a provider. One that is slow is soon held back. */
const HOOKS_SENDING_MAX = 200

export type FromPushesOptions = {
  readonly providers: readonly Device['provider'][]
  readonly deliver: (record: PushRecord) => Promise<Delivery>
  readonly deliverHook: (record: HookRecord) => Promise<Delivery>
  readonly events: Events
  readonly now: () => number
  readonly crash: (error: unknown) => void
}

/** Sends what is due, with all other notifiers. Disposing gives back what waits and finishes what is being sent. */
export async function fromPushes(bus: Bus, options: FromPushesOptions): Promise<AsyncDisposable> {
  const stopping = new AbortController()
  const pause = pausing(stopping.signal)
  const consume = <R extends Queued>(queue: Queue<R>): Promise<AsyncDisposable> => {
    const handle = handlerOf({ ...options, ...queue, pause }, stopping.signal)
    return consumeWork(bus, {
      service: 'notifier',
      channel: 'pushes',
      stream: bus.names.pushesStream,
      durable: bus.names.durable(`notifier-${queue.name}`),
      filter: bus.names.push(queue.name),
      parallel: IN_HAND_MAX,
      handle: (work) => {
        const record = decodeJson<R>(work.data)
        return throughSpan(
          spanOf(bus, work, record),
          () => handle(record),
          ({ kind }) => ({ outcome: kind }),
        )
      },
      crash: options.crash,
    })
  }

  await using consumers = new AsyncDisposableStack()
  // A consumer of its own for each: a provider that is down must not fill the hands of the others.
  for (const name of options.providers)
    consumers.use(await consume<PushRecord>({ name, deliver: options.deliver, slots: createSlots(SENDING_MAX) }))
  const hooks = { name: WEBHOOKS, deliver: options.deliverHook, slots: createSlots(HOOKS_SENDING_MAX) }
  consumers.use(await consume<HookRecord>(hooks))
  consumers.defer(() => stopping.abort())
  return consumers.move()
}

type Queued = PushRecord | HookRecord

type Queue<R extends Queued> = {
  readonly name: string
  readonly deliver: (record: R) => Promise<Delivery>
  readonly slots: ReturnType<typeof createSlots>
}

/** Waits until a record is due, and for a place; given back when this notifier stops meanwhile. */
const handlerOf =
  <R extends Queued>(
    queue: Queue<R> & Pick<FromPushesOptions, 'events' | 'now'> & { readonly pause: (ms: number) => Promise<void> },
    stopping: AbortSignal,
  ) =>
  async (record: R): Promise<WorkOutcome> => {
    const { deliver, events, now, slots, pause } = queue
    const finish = events.taking('pushes')
    let result = 'failed'
    try {
      await pause(Math.max(0, record.due_at - now()))
      const outcome = stopping.aborted
        ? retry(Math.max(0, record.due_at - now()))
        : outcomeOf(await slots(() => deliver(record)))
      result = outcome.kind
      return outcome
    } finally {
      finish(result)
    }
  }

function spanOf({ tracing }: Bus, { headers, attempt }: WorkRecord, record: Queued): Span | undefined {
  if ('hook' in record)
    return tracing?.begin('notifier.push', {
      cause: traceOf(headers),
      of: WEBHOOKS,
      attributes: { provider: WEBHOOKS, attempt },
    })
  const { room, seq, user, device } = record
  const { provider } = device
  return tracing?.begin('notifier.push', {
    cause: traceOf(headers),
    of: provider,
    attributes: { room, seq, user, device: device.device, provider, attempt },
  })
}

function outcomeOf(delivery: Delivery): WorkOutcome {
  if (delivery.kind === 'dead') return toDead(delivery)
  return delivery.kind === 'again' ? retry(delivery.afterMs) : done
}
