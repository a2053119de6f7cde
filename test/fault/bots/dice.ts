import { fnv1a } from '@switchboard/contracts/partition'
import { randomFrom } from '@switchboard/testkit/random'

/** Random choices that one seed makes again. What the network does between two of them is its own matter. */
export interface Dice {
  /** In [0, 1). */
  random(): number
  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T | undefined
  /** One name, by weight; names of weight 0 never. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name
  /** Milliseconds to the next of events that come `perSecond` on average. */
  waitMs(perSecond: number): number
  /** Another generator, that does not move with this one. */
  fork(name: string): Dice
}

export function createDice(seed: number): Dice {
  const random = randomFrom(seed)
  return {
    random,
    between: (min, max) => min + Math.floor(random() * (max - min + 1)),
    chance: (probability) => random() < probability,
    pick: (list) => list[Math.floor(random() * list.length)],
    weighted: <Name extends string>(weights: Readonly<Record<Name, number>>) => {
      const entries = Object.entries<number>(weights) as [Name, number][]
      let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [name, weight] of entries) {
        left -= weight
        if (left < 0) return name
      }
      throw new Error('a choice without weights')
    },
    waitMs: (perSecond) => (-Math.log(1 - random()) * 1_000) / perSecond,
    fork: (name) => createDice(seed ^ fnv1a(name)),
  }
}
