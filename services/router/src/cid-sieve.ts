/**
 * Bits for each cid and how many of them it sets: of a million that were never added, fewer than one is held for one that was. Each
 * is a question to storage, which in a hot room may be far behind.
 */
const BITS_EACH = 32
const PROBES = 22
/** A generation has room for so many, each twice as many as the one before: a room that is only a little busy holds little. */
const CIDS_MIN = 8_192
const CIDS_MAX = 131_072

/** The last of those that a sieve holds no more. */
export interface Passed {
  readonly seq: number
  readonly at: number
}

interface Generation {
  readonly bits: Uint32Array
  readonly room: number
  count: number
  last: Passed
}

/**
 * Bloom filters of cids that are in memory no more, in the order in which they were used. What is not in them was certainly not
 * added; what is may have been. Past `most` the oldest generation is given up.
 */
export class CidSieve {
  readonly #most: number
  #generations: Generation[] = []
  #count = 0

  constructor(most: number) {
    this.#most = most
  }

  /** @returns the last of those that had to be given up for it, if there were any. */
  add(key: string, used: Passed): Passed | undefined {
    const generation = this.#newest()
    const words = generation.bits.length * 32
    eachBit(key, words, (bit) => {
      const word = bit >>> 5
      generation.bits[word] = (generation.bits[word] ?? 0) | (1 << (bit & 31))
      return true
    })
    generation.count += 1
    generation.last = { seq: used.seq, at: Math.max(used.at, generation.last.at) }
    this.#count += 1
    return this.#count > this.#most ? this.#giveUp() : undefined
  }

  /** False only for what was never added, or was given up. */
  mayHold(key: string): boolean {
    return this.#generations.some(({ bits }) =>
      eachBit(key, bits.length * 32, (bit) => ((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0),
    )
  }

  #newest(): Generation {
    const newest = this.#generations.at(-1)
    if (newest && newest.count < newest.room) return newest
    const room = newest ? Math.min(2 * newest.room, CIDS_MAX) : CIDS_MIN
    const made = { bits: new Uint32Array((room * BITS_EACH) / 32), room, count: 0, last: { seq: 0, at: 0 } }
    this.#generations.push(made)
    return made
  }

  #giveUp(): Passed | undefined {
    const oldest = this.#generations.shift()
    this.#count -= oldest?.count ?? 0
    return oldest?.last
  }
}

/** Calls back with each bit of a key among `bits`, until one says false. @returns whether none did. */
function eachBit(key: string, bits: number, visit: (bit: number) => boolean): boolean {
  let [first, second] = [0x811c9dc5, 0x9e3779b9]
  for (let i = 0; i < key.length; i += 1) {
    const unit = key.charCodeAt(i)
    first = Math.imul(first ^ unit, 0x01000193)
    second = Math.imul(((second << 5) | (second >>> 27)) ^ unit, 0x9e3779b1)
  }
  let bit = mixed(first)
  const step = mixed(second) | 1
  for (let probe = 0; probe < PROBES; probe += 1) {
    if (!visit((bit >>> 0) % bits)) return false
    bit = (bit + step) | 0
  }
  return true
}

/** Each bit depends on all of them: the last step of MurmurHash3, which is in the public domain. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}
