import { type Clock, pauseBy } from './clock.ts'

/** Connections told to go elsewhere in a second: another edge takes that many back without trouble. */
const PER_SECOND = 250
/** A few connections each time: those that end together return together. */
const STEP_MS = 20

/**
 * Sends all connections away, in random order, evenly over as much time as their number needs, at most `secondsMax`: so that they
 * do not all return to the other edges at once.
 */
export async function drain<T>(
  connections: readonly T[],
  options: { secondsMax: number; clock: Clock; close: (connection: T) => void },
): Promise<void> {
  const order = connections
    .map((connection) => ({ connection, at: options.clock.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ connection }) => connection)
  const seconds = Math.min(options.secondsMax, order.length / PER_SECOND)
  const steps = Math.max(1, Math.ceil((seconds * 1_000) / STEP_MS))
  const each = Math.ceil(order.length / steps)
  for (let from = 0; from < order.length; from += each) {
    for (const connection of order.slice(from, from + each)) options.close(connection)
    if (from + each < order.length) await pauseBy(options.clock, STEP_MS)
  }
}

/** Waits until nothing is left, at most `msMax`. */
export async function settled(isSettled: () => boolean, options: { msMax: number; clock: Clock }): Promise<void> {
  for (let waited = 0; waited < options.msMax && !isSettled(); waited += STEP_MS) await pauseBy(options.clock, STEP_MS)
}
