import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { addressKey } from './address.ts'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import { Bucket } from './rate.ts'

/** How this edge is: what decides whether it takes more. */
export interface Strain {
  readonly isDraining: boolean
  readonly connections: number
  readonly unauthenticated: number
  /** Connections of one address that did not say yet who they are. */
  unauthenticatedOf(address: string): number
  readonly outboxBytes: number
  readonly loopLagMs: number
  readonly natsAwayMs: number
}

export type RefusalCause =
  | 'draining'
  | 'nats'
  | 'lag'
  | 'outbox'
  | 'full'
  | 'crowded'
  | 'address'
  | 'storm'
  | 'requests'
  | 'sockets'

/** Says who is taken. Those who are here already stay, whatever happens: sending them away only moves the load, and costs more. */
export class Admission {
  readonly #strain: Strain
  readonly #clock: Clock
  readonly #events: EdgeEvents
  readonly #connects: Bucket
  #requests = 0

  constructor(strain: Strain, parts: { clock: Clock; events: EdgeEvents }) {
    this.#strain = strain
    this.#clock = parts.clock
    this.#events = parts.events
    const limits = { perSecond: MAX.connectsPerSecond, burst: MAX.connectsBurst }
    this.#connects = new Bucket(limits, parts.clock.steady())
  }

  get isDraining(): boolean {
    return this.#strain.isDraining
  }
  /** Requests that are being answered. */
  get requests(): number {
    return this.#requests
  }

  /** @returns why this connection is not taken now, or null. */
  connection(address: string): Refusal | null {
    const cause = this.#strain.isDraining ? 'draining' : (this.#overload() ?? this.#crowd(address))
    return cause === null ? null : this.#refuse('connection', cause)
  }

  /** A request comes to the API. @returns why it is not taken now, or null: then `requestDone` must follow. */
  request(): Refusal | null {
    const cause = this.#overload() ?? (this.#requests >= MAX.apiInFlight ? 'requests' : null)
    if (cause !== null) return this.#refuse('request', cause)
    this.#requests += 1
    this.#events.apiRequests(this.#requests)
    return null
  }

  requestDone(): void {
    this.#requests -= 1
    this.#events.apiRequests(this.#requests)
  }

  /** What was dropped before it could be asked anything. */
  socketDropped(): void {
    this.#events.admissionRefused('connection', 'sockets')
  }

  #overload(): RefusalCause | null {
    const { natsAwayMs, loopLagMs, outboxBytes } = this.#strain
    if (natsAwayMs > MAX.natsAwayMs) return 'nats'
    if (loopLagMs > MAX.loopLagMs) return 'lag'
    return outboxBytes > MAX.outboxProcessBytes ? 'outbox' : null
  }

  #crowd(address: string): RefusalCause | null {
    const { connections, unauthenticated } = this.#strain
    if (connections >= MAX.connections) return 'full'
    if (unauthenticated >= MAX.unauthenticated) return 'crowded'
    if (this.#strain.unauthenticatedOf(addressKey(address)) >= MAX.addressUnauthenticated) return 'address'
    return this.#connects.take(this.#clock.steady()) > 0 ? 'storm' : null
  }

  #refuse(way: 'connection' | 'request', cause: RefusalCause): Refusal {
    this.#events.admissionRefused(way, cause)
    // With dice, so that those who are turned away together do not return together.
    const after_ms = 1_000 + Math.floor(this.#clock.random() * (MAX.refusedMs - 1_000))
    const message =
      way === 'connection' ? 'This edge takes no connections now.' : 'This edge answers no more requests now.'
    return refuse('unavailable', { message, after_ms })
  }
}
