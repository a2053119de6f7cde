/**
 * channel    pushes (JetStream work queue)
 * comes      what the planner decided
 * goes       one record for each device or webhook, on the subject of its provider
 * guarantee  stored when this resolves; what is planned again is dropped by its id for five minutes, then by its claim
 * order      none
 * acked      by the stream
 */
import type { Bus } from '@switchboard/bus/connect'
import { encodeJson } from '@switchboard/bus/core'
import { headersOption, withTrace } from '@switchboard/bus/trace'
import type { HookRecord, PushRecord } from '@switchboard/contracts/records'
import type { Span } from '@switchboard/runtime/tracing'
import { deliveryId } from './plan-hooks.ts'

const AT_ONCE_MAX = 256

/** A push, and what it follows from where that is traced. */
export interface CausedPush {
  readonly record: PushRecord
  readonly cause?: Span
}

/** The name of the queue of all webhooks, beside those of the providers. */
export const WEBHOOKS = 'webhook'

/** Stores deliveries to webhooks. @throws when NATS is away: the log entry they come from is then planned again. */
export function toHooks(bus: Bus): (hooks: readonly HookRecord[], cause?: Span) => Promise<void> {
  return async (hooks, cause) => {
    const stored = hooks.map((record) =>
      bus.js.publish(bus.names.push(WEBHOOKS), encodeJson(record), {
        msgID: deliveryId(record),
        ...headersOption(withTrace(cause)),
      }),
    )
    await Promise.all(stored)
  }
}

/** Stores pushes. @throws when NATS is away: the log entry they come from is then planned again. */
export function toPushes(bus: Bus): (pushes: readonly CausedPush[]) => Promise<void> {
  return async (pushes) => {
    for (let start = 0; start < pushes.length; start += AT_ONCE_MAX) {
      const batch = pushes.slice(start, start + AT_ONCE_MAX).map(({ record, cause }) =>
        bus.js.publish(bus.names.push(record.device.provider), encodeJson(record), {
          msgID: messageId(record),
          ...headersOption(withTrace(cause)),
        }),
      )
      await Promise.all(batch)
    }
  }
}

/** Device ids are the user's own: two people may both have a `phone`. */
function messageId({ room, seq, user, device }: PushRecord): string {
  return `${room}:${seq}:${user}:${device.device}`
}
