import type { Refusal } from '@switchboard/contracts/errors'
import type { StorageQueries } from '@switchboard/contracts/queries'
import type { Device, PushRecord } from '@switchboard/contracts/records'
import { BoundedMap } from './bounded-map.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import { type ClaimMemory, type ClaimRecord, decideClaim } from './claims.ts'
import type { Events, GivenUp } from './events.ts'
import type { Outcome, PushDevice, PushRequest } from './outcome.ts'
import { pushWords } from './planner.ts'

/** What becomes of a queued push. */
export type Delivery =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'dead'; readonly why: 'refused' | 'too-old' | 'unknown' | 'abandoned'; readonly reason: string }

export type DeliverOptions = {
  /** This incarnation of this process. */
  readonly owner: string
  readonly claims: {
    readonly write: (key: string, value: ClaimRecord, expect: number) => Promise<number | null>
    readonly read: (key: string) => Promise<{ readonly revision: number; readonly value: ClaimRecord } | null>
  }
  readonly isLooking: (user: string) => boolean
  /** The newest seq that whom this push is for has read in its room, by a mark or by writing below it; 0 if none is known. */
  readonly readSeq: (record: PushRecord) => Promise<number>
  readonly send: (push: PushRequest) => Promise<Outcome>
  readonly forget: (ask: StorageQueries['device.forget']['ask']) => Promise<{ forgotten: boolean } | Refusal>
  readonly events: Events
  readonly now: () => number
  readonly random: () => number
  /** Longer than any attempt takes: an older claim without an answer has lost its sender. */
  readonly settleMs: number
  readonly ageMsMax: number
}

/** Attempts without an answer after which a push is given up: one replay, as the screen shows it once. */
const UNKNOWN_MAX = 2
const REMEMBERED_MAX = 50_000
const SPREAD_MS = 5_000

type Taken = { readonly revision: number; readonly tries: number; readonly unknown: number }
type Step = { readonly delivery: Delivery; readonly memory: ClaimMemory | undefined }
const DONE: Delivery = { kind: 'done' }
const SETTLED: ClaimMemory = { state: 'settled' }

/** Decides and does all that happens to a push once it is due. Waits for nothing but what it was given to wait for. */
export class Deliverer {
  readonly #options: DeliverOptions
  readonly #memory = new BoundedMap<string, ClaimMemory>(REMEMBERED_MAX)
  /** Until when (milliseconds since the epoch) a provider wants no push for a device. */
  readonly #quiet = new BoundedMap<string, number>(REMEMBERED_MAX)
  /** Registrations that a provider called wrong, by the moment they were made: the next registration is another. */
  readonly #disabled = new BoundedMap<string, number>(REMEMBERED_MAX)
  readonly #circuits = new Map<Device['provider'], Circuit>()

  constructor(options: DeliverOptions) {
    this.#options = options
  }

  /** @throws what the claims and the read marks throw: nothing was sent then. */
  async deliver(record: PushRecord): Promise<Delivery> {
    const { events, random } = this.#options
    const key = keyOf(record)
    const remembered = this.#memory.get(key)
    if (remembered?.state === 'settled') return DONE
    if (remembered?.state === 'in-hand') return { kind: 'again', afterMs: this.#options.settleMs }
    this.#memory.set(key, { state: 'in-hand' })
    let kept: ClaimMemory | undefined = remembered
    try {
      const reason = await this.#nothingToSay(record)
      if (reason !== undefined) {
        events.givenUp(record, reason)
        const dead = { kind: 'dead', why: 'too-old', reason: `after ${remembered?.tries ?? 0} tries` } as const
        return reason === 'too-old' ? dead : DONE
      }
      const waitMs = this.#waitMs(record)
      if (waitMs > 0) return { kind: 'again', afterMs: spread(waitMs, random()) }
      const { delivery, memory } = await this.#takeAndSend(record, remembered)
      kept = memory
      return delivery
    } finally {
      if (kept === undefined) this.#memory.delete(key)
      else this.#memory.set(key, kept)
    }
  }

  async #nothingToSay(record: PushRecord): Promise<GivenUp | undefined> {
    const { device, user, seq, at } = record
    if (this.#disabled.get(deviceKey(record)) === device.registered_at) return 'disabled'
    if (this.#options.isLooking(user)) return 'looking'
    if ((await this.#options.readSeq(record)) >= seq) return 'already-read'
    return this.#options.now() - at > this.#options.ageMsMax ? 'too-old' : undefined
  }

  /** 0 takes a turn of the circuit: the push must then be sent, or the turn given back. */
  #waitMs(record: PushRecord): number {
    const quietMs = (this.#quiet.get(deviceKey(record)) ?? 0) - this.#options.now()
    return quietMs > 0 ? quietMs : this.#circuit(record.device.provider).waitMs()
  }

  async #takeAndSend(record: PushRecord, remembered: ClaimMemory | undefined): Promise<Step> {
    const circuit = this.#circuit(record.device.provider)
    let taken: Taken | Delivery
    try {
      taken = await this.#take(keyOf(record), remembered)
    } catch (error) {
      // The claim may have been written or not. Nothing was sent, and we know that it is ours.
      circuit.undecided()
      throw error
    }
    if ('revision' in taken) return this.#attempt(record, taken)
    circuit.undecided()
    if (taken.kind === 'dead') this.#options.events.givenUp(record, 'abandoned')
    return { delivery: taken, memory: remembered }
  }

  async #take(key: string, remembered: ClaimMemory | undefined): Promise<Taken | Delivery> {
    const { claims, owner, now, settleMs } = this.#options
    const claim = (tries: number, unknown: number): ClaimRecord => ({
      owner,
      state: 'sending',
      tries,
      unknown,
      at: now(),
    })
    if (remembered === undefined) {
      const revision = await claims.write(key, claim(0, 0), 0)
      if (revision !== null) return { revision, tries: 0, unknown: 0 }
    }
    const found = await claims.read(key)
    const decision = decideClaim({ found, memory: remembered, owner, now: now(), settleMs })
    if (decision.kind === 'settled') return DONE
    if (decision.kind === 'wait') return { kind: 'again', afterMs: decision.afterMs }
    if (decision.kind === 'abandon') return { kind: 'dead', why: 'abandoned', reason: `by ${found?.value.owner}` }
    const { tries, unknown } = decision
    const revision = await claims.write(key, claim(tries, unknown), decision.expect)
    // Another notifier was quicker: it is in its hands now.
    return revision === null ? { kind: 'again', afterMs: settleMs } : { revision, tries, unknown }
  }

  async #attempt(record: PushRecord, taken: Taken): Promise<Step> {
    const { send, events, now, ageMsMax } = this.#options
    const { provider } = record.device
    const circuit = this.#circuit(provider)
    const wasOpen = circuit.isOpen()
    const outcome = await send(requestFor(record, taken.tries, ageMsMax))
    events.attempted(record, outcome, now())
    const step = await this.#conclude(record, outcome, taken)
    if (circuit.isOpen() !== wasOpen) events.circuit(provider, circuit.isOpen())
    return step
  }

  async #conclude(record: PushRecord, outcome: Outcome, taken: Taken): Promise<Step> {
    const circuit = this.#circuit(record.device.provider)
    if (outcome.kind === 'credential') {
      circuit.refused()
      return this.#again(record, taken, { afterMs: circuit.peekMs(), unknown: taken.unknown })
    }
    if (outcome.kind === 'retry') {
      circuit.undecided()
      if (outcome.scope === 'provider') circuit.hold(outcome.afterMs)
      if (outcome.scope === 'device') this.#quiet.set(deviceKey(record), this.#options.now() + outcome.afterMs)
      const unknown = taken.unknown + (outcome.safe ? 0 : 1)
      if (unknown < UNKNOWN_MAX) return this.#again(record, taken, { afterMs: outcome.afterMs, unknown })
      return { delivery: { kind: 'dead', why: 'unknown', reason: outcome.reason }, memory: SETTLED }
    }
    circuit.accepted()
    if (outcome.kind === 'disable-device') this.#disabled.set(deviceKey(record), record.device.registered_at)
    if (outcome.kind === 'forget-device') await this.#forget(record, outcome)
    const dead = outcome.kind === 'drop'
    return { delivery: dead ? { kind: 'dead', why: 'refused', reason: outcome.reason } : DONE, memory: SETTLED }
  }

  /** Lets the push go again later, from this process or any other. */
  async #again(record: PushRecord, taken: Taken, next: { afterMs: number; unknown: number }): Promise<Step> {
    const { claims, owner, now, random } = this.#options
    const tries = taken.tries + 1
    const value: ClaimRecord = { owner, state: 'retry', tries, unknown: next.unknown, at: now() }
    // Should this fail, the others see a claim in hand and keep off, and we remember better.
    await claims
      .write(keyOf(record), value, taken.revision)
      .catch((error) => this.#options.events.unclaimed(record, error))
    const afterMs = spread(next.afterMs, random())
    return { delivery: { kind: 'again', afterMs }, memory: { state: 'retry', tries, unknown: next.unknown } }
  }

  async #forget(record: PushRecord, outcome: Extract<Outcome, { kind: 'forget-device' }>): Promise<void> {
    const answer = await this.#options.forget({
      user: record.user,
      device: record.device.device,
      registered_before: outcome.ifRegisteredBeforeMs ?? this.#options.now(),
      reason: outcome.reason,
    })
    // A refusal costs one more refused push to the same device, which asks again.
    this.#options.events.forgotten(record, 'forgotten' in answer && answer.forgotten)
  }

  #circuit(provider: Device['provider']): Circuit {
    const circuit = this.#circuits.get(provider) ?? createCircuit(this.#options.now)
    this.#circuits.set(provider, circuit)
    return circuit
  }
}

/** Those who wait for the same moment must not all come back in it. */
function spread(ms: number, random: number): number {
  return Math.round(ms + random * Math.min(SPREAD_MS, ms))
}

/** Device ids are the user's own: two people may both have a `phone`. */
function deviceKey({ user, device }: PushRecord): string {
  return `${user}.${device.device}`
}

function keyOf(record: PushRecord): string {
  return `${record.room}.${record.seq}.${deviceKey(record)}`
}

function requestFor(record: PushRecord, tries: number, ageMsMax: number): PushRequest {
  const { provider, target } = record.device
  return {
    event: `${record.room}:${record.seq}`,
    room: record.room,
    seq: record.seq,
    // The API took provider and target together, so they fit.
    device: { id: deviceKey(record), provider, target } as PushDevice,
    ...pushWords(record),
    badge: record.badge,
    expiresAt: record.at + ageMsMax,
    attempt: tries,
  }
}
