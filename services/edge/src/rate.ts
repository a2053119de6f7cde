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

  /** @returns 0 if the tokens were taken, else the milliseconds until they would be there. */
  take(now: number, tokens = 1): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + (Math.max(0, now - this.#at) / 1_000) * this.#perSecond)
    this.#at = now
    if (this.#tokens >= tokens) {
      this.#tokens -= tokens
      return 0
    }
    return Math.ceil(((tokens - this.#tokens) / this.#perSecond) * 1_000)
  }

  get isFull(): boolean {
    return this.#tokens >= this.#burst
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
  take(key: string, now: number, tokens = 1): number {
    const bucket = this.#buckets.get(key) ?? new Bucket(this.#limits, now)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > this.#keysMax) {
      const oldest = this.#buckets.keys().next()
      if (!oldest.done) this.#buckets.delete(oldest.value)
    }
    return bucket.take(now, tokens)
  }
}
