import { headers as createHeaders, type Msg, type MsgHdrs } from '@nats-io/nats-core'
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
  return { unsubscribe: () => subscription.unsubscribe() }
}

/** Resolves when the server has seen all that was sent before: a subscription is live from then on. */
export const flush = (bus: Bus): Promise<void> => bus.nc.flush()
