import { PubHeaders } from '@nats-io/jetstream'
import { backoffMs, DeadlineError, inStep, pause, within } from '@switchboard/runtime/deadline'
import type { StreamWord } from './acked-publisher.ts'
import type { Bus } from './connect.ts'
import { encodeJson } from './core.ts'
import { WRITE_UNDER_WAY, WRONG_LAST_SEQUENCE } from './infrastructure.ts'
import { lastMessage, type StoredRecord } from './leader-read.ts'
import { patiently, START_MS_MAX } from './patience.ts'
import { readBatch } from './replica-read.ts'

/** A lease as it lies in its bucket. `alive` is false for the marker that an expired or released one leaves. */
export interface Lease {
  readonly key: string
  readonly revision: number
  readonly alive: boolean
  readonly value: string
}

/** Shorter than any lease lives: whoever waits in vain for an answer must still be in time with the next try. */
const WAIT_MS_MAX = 1_000

/** How long the marker of one that was given back lies there. */
const MARKER_SECONDS = 60

const decoder = new TextDecoder()

const subjectOf = ({ names }: Bus, key: string) => names.bucketKey(names.leases, key)

function toLease(bus: Bus, message: StoredRecord): Lease {
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
  const read = readBatch(bus, bus.names.bucketStream(bus.names.leases), { multi_last: [subjectOf(bus, prefix)] })
  const messages = await within(WAIT_MS_MAX, read, 'reading leases')
  return messages.map((message) => toLease(bus, message))
}

/** One lease as the stream's leader has it, undefined if there never was one. A replica could show an older one. */
export async function readLease(bus: Bus, key: string): Promise<Lease | undefined> {
  const stream = bus.names.bucketStream(bus.names.leases)
  const read = lastMessage(bus, stream, subjectOf(bus, key))
  const message = await within(WAIT_MS_MAX, read, 'reading a lease')
  return message ? toLease(bus, message) : undefined
}

/** A lease that was not renewed for so many of its lives is dead, whatever the servers say. */
export const LIVES_MAX = 3

/**
 * Which leases are renewed, for one who looks again and again. Servers that were all killed can lose the timers of what they hold:
 * the lease of a dead pod then never runs out. Looks are counted and not time, as nobody can renew while nobody can look.
 */
export class Renewals {
  readonly #looksMax: number
  readonly #seen = new Map<string, { revision: number; looks: number }>()

  constructor(looksMax: number) {
    this.#looksMax = looksMax
  }

  /** What one look found; a lease that was not renewed for `looksMax` looks is not alive. */
  judge(leases: readonly Lease[]): Lease[] {
    const keys = new Set(leases.map(({ key }) => key))
    for (const key of this.#seen.keys()) if (!keys.has(key)) this.#seen.delete(key)
    return leases.map((lease) => {
      const seen = this.#seen.get(lease.key)
      const isNewer = seen === undefined || lease.revision > seen.revision
      const now = isNewer ? { revision: lease.revision, looks: 0 } : { revision: seen.revision, looks: seen.looks + 1 }
      this.#seen.set(lease.key, now)
      return { ...lease, alive: lease.alive && now.looks < this.#looksMax }
    })
  }
}

/**
 * Takes or renews a lease for `ttlMs` (whole seconds), or until it is given back where that is left out. `expect` is the revision it
 * must have now, 0 if it must not exist.
 * @returns the new revision; null if somebody else has it; `busy` if an earlier write of it is under way: the next look will tell.
 * @throws when NATS is away.
 */
export async function writeLease(
  bus: Bus,
  lease: { key: string; value: string; ttlMs?: number; expect: number },
): Promise<number | null | 'busy'> {
  const word = await put(bus, lease.key, {
    payload: new TextEncoder().encode(lease.value),
    expect: lease.expect,
    ...(lease.ttlMs !== undefined && { seconds: Math.ceil(lease.ttlMs / 1_000) }),
  })
  if (word.kind === 'stored') return word.seq
  if (word.kind === 'refused' && word.code === WRONG_LAST_SEQUENCE) return null
  if (word.kind === 'refused' && word.code === WRITE_UNDER_WAY) return 'busy'
  throw new DeadlineError(`writing a lease: ${word.reason}`)
}

/** Gives a lease back. Errors do not matter: it ends by itself. */
export async function releaseLease(bus: Bus, key: string, revision: number): Promise<void> {
  const released = put(bus, key, {
    ...{ payload: new Uint8Array(), expect: revision, seconds: MARKER_SECONDS },
    fields: { 'KV-Operation': 'DEL' },
  })
  const word = await released.catch((error: unknown) => ({ kind: 'unknown', reason: String(error) }) as const)
  if (word.kind !== 'stored') bus.log.debug({ key, reason: word.reason }, 'a lease is left to expire')
}

interface Put {
  readonly payload: Uint8Array
  readonly expect: number
  readonly fields?: Readonly<Record<string, string>>
  /** How long it lives; for ever where that is left out. */
  readonly seconds?: number
}

/** @throws DeadlineError when there is no word in time: it may be written or not. */
function put(bus: Bus, key: string, { payload, expect, fields, seconds }: Put): Promise<StreamWord> {
  const written = bus.acked.publish(subjectOf(bus, key), payload, {
    ...fields,
    [PubHeaders.ExpectedLastSubjectSequenceHdr]: String(expect),
    ...(seconds !== undefined && { [PubHeaders.MessageTTL]: `${seconds}s` }),
  })
  return within(WAIT_MS_MAX, written, 'writing a lease')
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
    if (next === 'busy') return false
    // It expired while we could not renew it, and left a marker whose revision is the one to expect.
    revision = next ?? (await readLease(bus, lease.key))?.revision ?? 0
    return next !== null
  }
  const begin = () => patiently(take, { msMax: START_MS_MAX, log: bus.log })
  for (let attempt = 0; !(await begin()); attempt += 1) await pause(backoffMs(attempt, Math.random))
  const renew = async () => {
    while (!abort.signal.aborted) {
      await inStep(lease.ttlMs / 3, abort.signal)
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
    /** How long each of them lives without a renewal. */
    readonly lifeMs: number
    readonly began: (lease: Lease) => void
    readonly ended: (key: string) => void
  },
): Promise<AsyncDisposable> {
  const abort = new AbortController()
  const known = new Set<string>()
  const renewals = new Renewals((LIVES_MAX * options.lifeMs) / options.everyMs)
  const look = async () => {
    const alive = renewals.judge(await readLeases(bus, options.prefix)).filter((lease) => lease.alive)
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
  await patiently(look, { msMax: START_MS_MAX, log: bus.log })
  const loop = async () => {
    while (!abort.signal.aborted) {
      await inStep(options.everyMs, abort.signal)
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
