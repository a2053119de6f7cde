import { BoundedMap } from './bounded-map.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import { type ClaimDecision, type ClaimMemory, type ClaimRecord, decideClaim } from './claims.ts'
import type { GivenUp } from './events.ts'
import type { Outcome } from './outcome.ts'
import { Waiting } from './waiting.ts'

/** What becomes of something that is queued. */
export type Delivery =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | {
      readonly kind: 'dead'
      readonly why: 'refused' | 'too-old' | 'unknown' | 'abandoned' | 'crowded'
      readonly reason: string
    }

/** What is delivered, a push or an event for a webhook: all that the deliverer needs to know of it. */
export type Matter<R> = {
  /** Names it; its claim lies under this. */
  readonly keyOf: (record: R) => string
  /** Whom it goes to: a pause, and a registration that is wrong, are of one of these. */
  readonly lineOf: (record: R) => string
  /** When that registration was made: another one is tried again. */
  readonly registeredAt: (record: R) => number
  /** What refuses us as a whole: a provider, or a webhook. */
  readonly circuitOf: (record: R) => string
  /** The last look. `cannot-tell`: a part of the service is away, ask again. */
  readonly nothingToSay: (record: R) => Promise<GivenUp | 'cannot-tell' | undefined>
  readonly send: (record: R, tries: number) => Promise<Outcome>
  readonly forget: (record: R, outcome: Extract<Outcome, { kind: 'forget-device' }>) => Promise<void>
  /** Whoever receives it knows it again: sending it once more does no harm, where nobody knows what became of it. */
  readonly isRepeatable: boolean
  /** Of one line, how many may wait. */
  readonly waitingMax: number
}

/** What there is to count and to write down. */
export type DeliverEvents<R> = {
  readonly attempted: (record: R, outcome: Outcome, now: number) => void
  readonly givenUp: (record: R, reason: GivenUp) => void
  readonly circuit: (name: string, open: boolean) => void
  readonly unclaimed: (record: R, error: unknown) => void
}

export type DeliverOptions<R> = {
  /** This incarnation of this process. */
  readonly owner: string
  readonly claims: {
    readonly write: (key: string, value: ClaimRecord, expect: number) => Promise<number | null>
    readonly read: (key: string) => Promise<{ readonly revision: number; readonly value: ClaimRecord } | null>
  }
  readonly matter: Matter<R>
  readonly events: DeliverEvents<R>
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
/** Until what could not be told is asked again. */
const CANNOT_TELL_MS = 1_000
/** Providers are three, webhooks many: of these the one tried longest ago is forgotten, and its circuit closed. */
const CIRCUITS_MAX = 10_000

type Taken = { readonly revision: number; readonly tries: number; readonly unknown: number }
type Step = { readonly delivery: Delivery; readonly memory: ClaimMemory | undefined }
const DONE: Delivery = { kind: 'done' }
const SETTLED: ClaimMemory = { state: 'settled' }

/** Decides and does all that happens to what is queued once it is due. Waits for nothing but what it was given to wait for. */
export class Deliverer<R extends { readonly at: number }> {
  readonly #options: DeliverOptions<R>
  readonly #memory = new BoundedMap<string, ClaimMemory>(REMEMBERED_MAX)
  /** Until when (milliseconds since the epoch) a provider wants no push for a device. */
  readonly #quiet = new BoundedMap<string, number>(REMEMBERED_MAX)
  /** Registrations that a provider called wrong, by the moment they were made: the next registration is another. */
  readonly #disabled = new BoundedMap<string, number>(REMEMBERED_MAX)
  readonly #circuits = new BoundedMap<string, Circuit>(CIRCUITS_MAX)
  readonly #waiting: Waiting

  constructor(options: DeliverOptions<R>) {
    this.#options = options
    this.#waiting = new Waiting(options.matter.waitingMax, options.now)
  }

  /** @throws what the claims and the read marks throw: nothing was sent then. */
  async deliver(record: R): Promise<Delivery> {
    const { events, matter, random } = this.#options
    const key = matter.keyOf(record)
    const remembered = this.#memory.get(key)
    if (remembered?.state === 'settled') return DONE
    if (remembered?.state === 'in-hand') return { kind: 'again', afterMs: this.#options.settleMs }
    this.#memory.set(key, { state: 'in-hand' })
    let kept: ClaimMemory | undefined = remembered
    try {
      const reason = await this.#nothingToSay(record)
      if (reason === 'cannot-tell') return { kind: 'again', afterMs: spread(CANNOT_TELL_MS, random()) }
      if (reason !== undefined) {
        events.givenUp(record, reason)
        const dead = { kind: 'dead', why: 'too-old', reason: `after ${remembered?.tries ?? 0} tries` } as const
        return reason === 'too-old' ? dead : DONE
      }
      const waitMs = this.#waitMs(record)
      if (waitMs > 0) return this.#wait(record, key, waitMs)
      const { delivery, memory } = await this.#takeAndSend(record, remembered)
      kept = memory
      return delivery
    } finally {
      if (kept === undefined) this.#memory.delete(key)
      else this.#memory.set(key, kept)
    }
  }

  async #nothingToSay(record: R): Promise<GivenUp | 'cannot-tell' | undefined> {
    const { matter, now, ageMsMax } = this.#options
    if (this.#disabled.get(matter.lineOf(record)) === matter.registeredAt(record)) return 'disabled'
    const reason = await matter.nothingToSay(record)
    if (reason !== undefined && reason !== 'cannot-tell') return reason
    return now() - record.at > ageMsMax ? 'too-old' : reason
  }

  /** Later; or never, where too many wait for the same already. */
  #wait(record: R, key: string, waitMs: number): Delivery {
    const { events, matter, random } = this.#options
    const afterMs = spread(waitMs, random())
    if (this.#waiting.add(matter.lineOf(record), key, afterMs)) return { kind: 'again', afterMs }
    events.givenUp(record, 'crowded')
    return { kind: 'dead', why: 'crowded', reason: `more than ${matter.waitingMax}` }
  }

  /** 0 takes a turn of the circuit: the push must then be sent, or the turn given back. */
  #waitMs(record: R): number {
    const quietMs = (this.#quiet.get(this.#options.matter.lineOf(record)) ?? 0) - this.#options.now()
    return quietMs > 0 ? quietMs : this.#circuit(record).waitMs()
  }

  async #takeAndSend(record: R, remembered: ClaimMemory | undefined): Promise<Step> {
    const circuit = this.#circuit(record)
    let taken: Taken | Delivery
    try {
      taken = await this.#take(this.#options.matter.keyOf(record), remembered)
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
    const decision = this.#orAgain(decideClaim({ found, memory: remembered, owner, now: now(), settleMs }), found)
    if (decision.kind === 'settled') return DONE
    if (decision.kind === 'wait') return { kind: 'again', afterMs: decision.afterMs }
    if (decision.kind === 'abandon') return { kind: 'dead', why: 'abandoned', reason: `by ${found?.value.owner}` }
    const { tries, unknown } = decision
    const revision = await claims.write(key, claim(tries, unknown), decision.expect)
    // Another notifier was quicker: it is in its hands now.
    return revision === null ? { kind: 'again', afterMs: settleMs } : { revision, tries, unknown }
  }

  /** What was abandoned is taken over, where sending it again does no harm. */
  #orAgain(decision: ClaimDecision, found: { revision: number; value: ClaimRecord } | null): ClaimDecision {
    if (decision.kind !== 'abandon' || !found || !this.#options.matter.isRepeatable) return decision
    return { kind: 'take', expect: found.revision, tries: found.value.tries, unknown: found.value.unknown }
  }

  async #attempt(record: R, taken: Taken): Promise<Step> {
    const { matter, events, now } = this.#options
    const circuit = this.#circuit(record)
    const wasOpen = circuit.isOpen()
    const outcome = await matter.send(record, taken.tries)
    events.attempted(record, outcome, now())
    const step = await this.#conclude(record, outcome, taken)
    if (circuit.isOpen() !== wasOpen) events.circuit(matter.circuitOf(record), circuit.isOpen())
    return step
  }

  async #conclude(record: R, outcome: Outcome, taken: Taken): Promise<Step> {
    const { matter, now } = this.#options
    const circuit = this.#circuit(record)
    const line = matter.lineOf(record)
    if (outcome.kind === 'credential') {
      circuit.refused()
      return this.#again(record, taken, { afterMs: circuit.peekMs(), unknown: taken.unknown })
    }
    if (outcome.kind === 'retry') {
      circuit.undecided()
      if (outcome.scope === 'provider') circuit.hold(outcome.afterMs)
      if (outcome.scope === 'device') this.#quiet.set(line, now() + outcome.afterMs)
      const unknown = taken.unknown + (outcome.safe || matter.isRepeatable ? 0 : 1)
      if (unknown < UNKNOWN_MAX) return this.#again(record, taken, { afterMs: outcome.afterMs, unknown })
      return { delivery: { kind: 'dead', why: 'unknown', reason: outcome.reason }, memory: SETTLED }
    }
    circuit.accepted()
    this.#waiting.clear(line)
    if (outcome.kind === 'disable-device') this.#disabled.set(line, matter.registeredAt(record))
    if (outcome.kind === 'forget-device') await matter.forget(record, outcome)
    const dead = outcome.kind === 'drop'
    return { delivery: dead ? { kind: 'dead', why: 'refused', reason: outcome.reason } : DONE, memory: SETTLED }
  }

  /** Lets the push go again later, from this process or any other. */
  async #again(record: R, taken: Taken, next: { afterMs: number; unknown: number }): Promise<Step> {
    const { claims, matter, owner, now } = this.#options
    const key = matter.keyOf(record)
    const tries = taken.tries + 1
    const value: ClaimRecord = { owner, state: 'retry', tries, unknown: next.unknown, at: now() }
    // Should this fail, the others see a claim in hand and keep off, and we remember better.
    await claims.write(key, value, taken.revision).catch((error) => this.#options.events.unclaimed(record, error))
    return { delivery: this.#wait(record, key, next.afterMs), memory: { state: 'retry', tries, unknown: next.unknown } }
  }

  #circuit(record: R): Circuit {
    const { matter, now } = this.#options
    const name = matter.circuitOf(record)
    const circuit = this.#circuits.get(name) ?? createCircuit(now)
    this.#circuits.set(name, circuit)
    return circuit
  }
}

/** Those who wait for the same moment must not all come back in it. */
function spread(ms: number, random: number): number {
  return Math.round(ms + random * Math.min(SPREAD_MS, ms))
}
