import { fnv1a } from '@switchboard/contracts/partition'
import { randomFrom } from '@switchboard/testkit/random'

/** Dice that fall the same way for the same seed, so that a run can be repeated from one printed number. */
export interface Dice {
  /** 0 ≤ x < 1. */
  readonly next: () => number
  /** A whole number, both ends included. */
  readonly int: (min: number, max: number) => number
  readonly pick: <T>(list: readonly T[]) => T
  /** All of the list, those with more weight rather in front. */
  readonly shuffle: <T extends { readonly weight: number }>(list: readonly T[]) => T[]
}

export function diceOf(seed: string): Dice {
  const next = randomFrom(fnv1a(seed))
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error('nothing to pick from')
    return list[int(0, list.length - 1)] as T
  }
  // The well-known way to draw by weight without replacement: the key is a power of a die.
  const shuffle = <T extends { readonly weight: number }>(list: readonly T[]): T[] =>
    list
      .map((one) => ({ one, key: next() ** (1 / one.weight) }))
      .sort((a, b) => b.key - a.key)
      .map(({ one }) => one)
  return { next, int, pick, shuffle }
}
