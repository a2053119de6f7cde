/**
 * channel    pushes (JetStream work queue)
 * comes      one notification for one device
 * goes       after a short delay and a last look whether it was read, to the device's provider
 * guarantee  claimed before it is sent, so never sent by two or after a crash; once more where no answer came
 * order      none
 * acked      after the provider's last word, or when there is nothing to say any more
 */
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson } from '@switchboard/bus/core'
import { traceOf } from '@switchboard/bus/trace'
import { consumeWork, done, retry, type Outcome as WorkOutcome, type WorkRecord } from '@switchboard/bus/work'
import type { Device, PushRecord } from '@switchboard/contracts/records'
import { pause } from '@switchboard/runtime/deadline'
import { createSlots } from '@switchboard/runtime/slots'
import { type Span, throughSpan } from '@switchboard/runtime/tracing'
import type { Delivery } from './deliver.ts'
import type { Events } from './events.ts'
import { toDead } from './to-dead.ts'

/**
 * Pushes that all notifiers together have in hand for one provider, most of them waiting for their time. Waiting in
 * memory costs less than another delivery; at three seconds each this is 3,300 pushes a second.
 */
const IN_HAND_MAX = 10_000
/** Pushes that one notifier sends to one provider at once: two connections of 500 streams. */
const SENDING_MAX = 1_000

export type FromPushesOptions = {
  readonly providers: readonly Device['provider'][]
  readonly deliver: (record: PushRecord) => Promise<Delivery>
  readonly events: Events
  readonly now: () => number
  readonly crash: (error: unknown) => void
}

/** Sends what is due, with all other notifiers. Disposing gives back what waits and finishes what is being sent. */
export async function fromPushes(bus: Bus, options: FromPushesOptions): Promise<AsyncDisposable> {
  const stopping = new AbortController()

  const handleWith =
    (slots: ReturnType<typeof createSlots>) =>
    async (record: PushRecord): Promise<WorkOutcome> => {
      const finish = options.events.taking('pushes')
      let result = 'failed'
      try {
        await pause(Math.max(0, record.due_at - options.now()), stopping.signal)
        const outcome = stopping.signal.aborted
          ? retry(Math.max(0, record.due_at - options.now()))
          : outcomeOf(await slots(() => options.deliver(record)))
        result = outcome.kind
        return outcome
      } finally {
        finish(result)
      }
    }

  const tracedWith = (slots: ReturnType<typeof createSlots>) => {
    const handle = handleWith(slots)
    return (work: WorkRecord): Promise<WorkOutcome> => {
      const record = decodeJson<PushRecord>(work.data)
      return throughSpan(
        spanOf(bus, work, record),
        () => handle(record),
        ({ kind }) => ({ outcome: kind }),
      )
    }
  }

  await using consumers = new AsyncDisposableStack()
  for (const provider of options.providers) {
    // A consumer of its own for each: a provider that is down must not fill the hands of the others.
    const consumer = await consumeWork(bus, {
      service: 'notifier',
      channel: 'pushes',
      stream: bus.names.pushesStream,
      durable: bus.names.durable(`notifier-${provider}`),
      filter: bus.names.push(provider),
      parallel: IN_HAND_MAX,
      handle: tracedWith(createSlots(SENDING_MAX)),
      crash: options.crash,
    })
    consumers.use(consumer)
  }
  consumers.defer(() => stopping.abort())
  return consumers.move()
}

function spanOf({ tracing }: Bus, { headers, attempt }: WorkRecord, record: PushRecord): Span | undefined {
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
