import type { ConsumerMessages } from '@nats-io/jetstream'
import type { Bus } from './connect.ts'

/** A consumer that says nothing for two of these is lost, and made again. */
export const HEARTBEAT_MS = 2_500

/** Statuses after which the consumer is gone, or the stream may be another one than it was. */
const LOST: ReadonlySet<string> = new Set([
  'heartbeats_missed',
  'ordered_consumer_recreated',
  'consumer_not_found',
  'consumer_deleted',
  'stream_not_found',
])

/**
 * Stops reading when the consumer is lost, so that whoever reads makes another one. @NOTE The library mends some of this by
 * itself: by sequence, whether or not the stream is still the same one, and with pauses of up to 30 s when its question about
 * the consumer comes during an election. A room must not wait for that.
 */
export async function stopWhenLost(bus: Bus, messages: ConsumerMessages): Promise<void> {
  const forget = bus.onReconnect(() => messages.stop())
  try {
    for await (const { type } of messages.status()) if (LOST.has(type)) messages.stop()
  } finally {
    forget()
  }
}
