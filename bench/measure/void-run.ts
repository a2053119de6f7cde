/** The run lost, repeated or reordered something, or could not offer what it was to offer: its figures say nothing. */
export class VoidRunError extends Error {
  override name = 'VoidRunError'
}

/** Kept of all that went wrong: the first few say what it is. */
const FAULTS_KEPT = 5

/**
 * One room as one client hears it: each event must be the successor of the one before. Cheap, because the load processes ask it for
 * every delivery.
 */
export class SeqWatch {
  #head: number
  delivered = 0

  constructor(head: number) {
    this.#head = head
  }

  get head(): number {
    return this.#head
  }

  /** True when this is the next one. A hole or a repeat is counted once: the watch goes on from what came. */
  take(seq: number): boolean {
    const isNext = seq === this.#head + 1
    this.#head = seq
    this.delivered += 1
    return isNext
  }
}

/** What was seen to go wrong. */
export class Faults {
  count = 0
  readonly first: string[] = []

  add(what: string): void {
    this.count += 1
    if (this.first.length < FAULTS_KEPT) this.first.push(what)
  }
}

/** What a load process says at the end of a segment. */
export interface Verdict {
  readonly faults: number
  readonly examples: readonly string[]
}

/** @throws VoidRunError when any process saw anything wrong, or all of them together not so many deliveries. */
export function holdAgainst(verdicts: readonly (Verdict & { delivered: number })[], expected: number): void {
  const faults = verdicts.reduce((sum, verdict) => sum + verdict.faults, 0)
  const examples = verdicts.flatMap((verdict) => verdict.examples).slice(0, FAULTS_KEPT)
  if (faults > 0) throw new VoidRunError(`${faults} faults: ${examples.join('; ')}`)
  const delivered = verdicts.reduce((sum, verdict) => sum + verdict.delivered, 0)
  if (delivered !== expected) throw new VoidRunError(`${delivered} deliveries, and ${expected} were due`)
}
