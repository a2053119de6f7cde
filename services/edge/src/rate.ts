/** A bucket of tokens that refills evenly: bursts are fine, steady floods are not. */
export class Bucket {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #at: number

  constructor(limits: { perSecond: number; burst: number }, now: number) {
    this.#perSecond = limits.perSecond
    this.#burst = limits.burst
    this.#tokens = limits.burst
    this.#at = now
  }

  /** @returns 0 if a token was taken, or as many as it costs, else the milliseconds until there are. */
  take(now: number, cost = 1): number {
    const ms = this.wait(now, cost)
    if (ms === 0) this.#tokens -= cost
    return ms
  }

  /** The same without taking it. */
  wait(now: number, cost = 1): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + (Math.max(0, now - this.#at) / 1_000) * this.#perSecond)
    this.#at = now
    return this.#tokens >= cost ? 0 : Math.ceil(((cost - this.#tokens) / this.#perSecond) * 1_000)
  }
}

/** Buckets by key (an address, a user): the least recently used give way, so that a flood of keys costs nothing. */
export class Buckets {
  readonly #limits: { perSecond: number; burst: number }
  readonly #keysMax: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(limits: { perSecond: number; burst: number; keysMax: number }) {
    this.#limits = limits
    this.#keysMax = limits.keysMax
  }

  /** @returns 0 if a token of this key was taken, else the milliseconds until there is one. */
  take(key: string, now: number): number {
    return this.#of(key, now).take(now)
  }

  /** The same without taking it. */
  wait(key: string, now: number): number {
    return this.#buckets.get(key)?.wait(now) ?? 0
  }

  #of(key: string, now: number): Bucket {
    const bucket = this.#buckets.get(key) ?? new Bucket(this.#limits, now)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > this.#keysMax) {
      const oldest = this.#buckets.keys().next()
      if (!oldest.done) this.#buckets.delete(oldest.value)
    }
    return bucket
  }
}
