import type { StoredMsg } from '@nats-io/jetstream'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { encodeJson, toHeaders } from './core.ts'
import { isWrongSequence } from './infrastructure.ts'
import { collect } from './log.ts'

/** A lease as it lies in its bucket. `alive` is false for the marker that an expired or released one leaves. */
export interface Lease {
  readonly key: string
  readonly revision: number
  readonly alive: boolean
  readonly value: string
}

const decoder = new TextDecoder()

const subjectOf = ({ names }: Bus, key: string) => names.bucketKey(names.leases, key)

function toLease(bus: Bus, message: StoredMsg): Lease {
  const operation = message.header?.get('KV-Operation') ?? ''
  const marker = message.header?.get('Nats-Marker-Reason') ?? ''
  return {
    key: message.subject.slice(subjectOf(bus, '').length),
    revision: message.seq,
    alive: operation === '' && marker === '',
    value: decoder.decode(message.data),
  }
}

/**
 * Every lease under a prefix (`router.>`). @NOTE Read in one request and not watched: a watch is a consumer, needs care when
 * servers come and go, and says nothing sooner than the next look half a second later.
 */
export async function readLeases(bus: Bus, prefix: string): Promise<Lease[]> {
  const messages = await collect(() =>
    bus.jsm.direct.getLastMessagesFor(bus.names.bucketStream(bus.names.leases), {
      multi_last: [subjectOf(bus, prefix)],
    }),
  )
  return messages.map((message) => toLease(bus, message))
}

/** Takes or renews a lease for `ttlMs` (whole seconds). `expect` is the revision it must have now, 0 if it must not exist. @returns the new revision, or null if somebody else has it. @throws when NATS is away. */
export async function writeLease(
  bus: Bus,
  lease: { key: string; value: string; ttlMs: number; expect: number },
): Promise<number | null> {
  try {
    const ack = await bus.js.publish(subjectOf(bus, lease.key), new TextEncoder().encode(lease.value), {
      ttl: `${Math.ceil(lease.ttlMs / 1_000)}s`,
      expect: { lastSubjectSequence: lease.expect },
      timeout: lease.ttlMs,
    })
    return ack.seq
  } catch (error) {
    if (isWrongSequence(error)) return null
    throw error
  }
}

/** Gives a lease back. Errors do not matter: it ends by itself. */
export async function releaseLease(bus: Bus, key: string, revision: number): Promise<void> {
  try {
    await bus.js.publish(subjectOf(bus, key), new Uint8Array(), {
      headers: toHeaders({ 'KV-Operation': 'DEL' }),
      ttl: '60s',
      expect: { lastSubjectSequence: revision },
      timeout: 1_000,
    })
  } catch (error) {
    bus.log.debug({ key, error: String(error) }, 'a lease is left to expire')
  }
}

/** Holds one lease of one's own (nobody else writes the key), renewing it until disposed. */
export async function holdLease(
  bus: Bus,
  lease: { key: string; value: unknown; ttlMs: number },
): Promise<AsyncDisposable> {
  const abort = new AbortController()
  const value = new TextDecoder().decode(encodeJson(lease.value))
  let revision = 0
  const take = async () => {
    const next = await writeLease(bus, { key: lease.key, value, ttlMs: lease.ttlMs, expect: revision })
    if (next !== null) revision = next
    // It expired while we could not renew it, and left a marker whose revision is the one to expect.
    else revision = (await readLeases(bus, lease.key)).at(0)?.revision ?? 0
    return next !== null
  }
  for (let attempt = 0; !(await take()); attempt += 1) await pause(backoffMs(attempt, Math.random))
  const renew = async () => {
    while (!abort.signal.aborted) {
      await pause(lease.ttlMs / 3, abort.signal)
      if (abort.signal.aborted) return
      try {
        if (!(await take())) await take()
      } catch (error) {
        bus.log.warn({ key: lease.key, error: String(error) }, 'a lease could not be renewed')
      }
    }
  }
  const renewing = renew()
  return {
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await renewing
      await releaseLease(bus, lease.key, revision)
    },
  }
}

/** Tells which leases under a prefix begin and end, by looking every `everyMs`. The first look is awaited. */
export async function watchLeases(
  bus: Bus,
  options: {
    readonly prefix: string
    readonly everyMs: number
    readonly began: (lease: Lease) => void
    readonly ended: (key: string) => void
  },
): Promise<AsyncDisposable> {
  const abort = new AbortController()
  const known = new Set<string>()
  const look = async () => {
    const alive = (await readLeases(bus, options.prefix)).filter((lease) => lease.alive)
    const keys = new Set(alive.map(({ key }) => key))
    for (const lease of alive) {
      if (known.has(lease.key)) continue
      known.add(lease.key)
      options.began(lease)
    }
    for (const key of known) {
      if (keys.has(key)) continue
      known.delete(key)
      options.ended(key)
    }
  }
  await look()
  const loop = async () => {
    while (!abort.signal.aborted) {
      await pause(options.everyMs, abort.signal)
      if (abort.signal.aborted) return
      try {
        await look()
      } catch (error) {
        // While NATS is away nobody is declared dead: the leases cannot be renewed either.
        bus.log.debug({ prefix: options.prefix, error: String(error) }, 'leases could not be read')
      }
    }
  }
  const looking = loop()
  return {
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await looking
    },
  }
}
