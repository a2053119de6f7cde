import fc from 'fast-check'
import { randomFrom } from '../random.ts'
import type { JournalRecord } from './records.ts'
import { SimulatedRun } from './simulated.ts'
import { type Step, WHATS } from './simulated-dice.ts'

const DICE_MAX = 1_000
const dice = fc.nat({ max: DICE_MAX })

/** Sending is what most people do most of the time. */
const what = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...WHATS) },
  { weight: 1, arbitrary: fc.constant('send' as const) },
)

export const steps: fc.Arbitrary<Step[]> = fc.array(fc.record({ what, who: dice, where: dice, how: dice }), {
  maxLength: 150,
  size: 'max',
})

/** A run that is the same for the same seed, however long. Rooms stay few enough for things to happen in them. */
export function someRun(seed: number, length: number): readonly JournalRecord[] {
  const random = randomFrom(seed)
  const next = (): number => Math.floor(random() * DICE_MAX)
  const run = new SimulatedRun()
  for (let i = 0; i < length; i += 1) {
    const drawn = WHATS[next() % WHATS.length] ?? 'send'
    run.step({ what: drawn === 'create' && i % 10 !== 0 ? 'send' : drawn, who: next(), where: next(), how: next() })
  }
  return run.finish()
}
