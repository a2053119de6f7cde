import { headers as createHeaders, deferred, type Msg, type MsgHdrs } from '@nats-io/nats-core'
import type { Bus } from './connect.ts'

export type { Msg, MsgHdrs } from '@nats-io/nats-core'

/** Headers from a plain object. */
export function toHeaders(fields: Readonly<Record<string, string>>): MsgHdrs {
  const made = createHeaders()
  for (const [name, value] of Object.entries(fields)) made.set(name, value)
  return made
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
export const encodeJson = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value))
/** @throws SyntaxError on what is not JSON. */
export const decodeJson = <T>(bytes: Uint8Array): T => JSON.parse(decoder.decode(bytes)) as T

/** Core publish: nothing is awaited, nothing is promised. While NATS is away the client library holds it for a while. */
export function publish(bus: Bus, subject: string, payload: Uint8Array | string, headers?: MsgHdrs): void {
  bus.nc.publish(subject, payload, headers ? { headers } : {})
}

export interface Subscribed {
  unsubscribe(): void
}

/**
 * The library makes three promises for each subscription, for those who iterate over it or wait for its end. @NOTE With their
 * functions they are two thirds of what it holds, an edge has a subscription for each user, and ours have callbacks: one for all.
 */
const NOBODY_WAITS = deferred<undefined>()

/** Core subscription. `queue` shares the messages among all that name the same one. A throwing handler crashes the process: it is a bug. */
export function subscribe(
  bus: Bus,
  subject: string,
  handle: (message: Msg) => void,
  options: { queue?: string } = {},
): Subscribed {
  const subscription = bus.nc.subscribe(subject, {
    ...options,
    callback: (error, message) => {
      if (error) bus.log.warn({ subject, error: String(error) }, 'NATS refused a subscription')
      else handle(message)
    },
  })
  return Object.assign(subscription, { signal: NOBODY_WAITS, iterClosed: NOBODY_WAITS, closed: NOBODY_WAITS })
}

/** Resolves when the server has seen all that was sent before: a subscription is live from then on. */
export const flush = (bus: Bus): Promise<void> => bus.nc.flush()
