/** Every wait has a deadline: this is the error of the ones that passed. */
export class DeadlineError extends Error {
  override name = 'DeadlineError'
}

/** Waits for `promise` at most `ms` milliseconds. The work itself goes on; what it must not do is block its caller for ever. @throws DeadlineError */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`${what} took longer than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** Calls `then` once, in `ms` milliseconds, unless what is returned was called before. */
export function after(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms)
  return () => clearTimeout(timer)
}

/** A pause that ends early, without error, when `signal` aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
}

/** Of a period: a timer may fire a moment too early, and would then fire twice. */
const EARLY_SHARE = 0.05

/**
 * Pauses until the next of the moments, `everyMs` apart, that all of a process share. @NOTE What is done once a second by three of them
 * wakes the process, and whoever it asks, once and not three times: in a quiet system waking up is all that costs.
 */
export function inStep(everyMs: number, signal?: AbortSignal): Promise<void> {
  return pause(untilStepMs(everyMs, performance.now()), signal)
}

/** Milliseconds from `nowMs`, on the steady clock, to the next moment; more than a twentieth of a period, at most so much more than one. */
export function untilStepMs(everyMs: number, nowMs: number): number {
  const leftMs = everyMs - (nowMs % everyMs)
  return leftMs <= EARLY_SHARE * everyMs ? leftMs + everyMs : leftMs
}

/** A pause for many who wait for one signal: a signal looks through all of its listeners for each one that comes. */
export function pausing(signal: AbortSignal): (ms: number) => Promise<void> {
  const ends = new Set<() => void>()
  signal.addEventListener('abort', () => ends.forEach((end) => void end()), { once: true })
  return (ms) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const end = () => {
        clearTimeout(timer)
        ends.delete(end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      ends.add(end)
    })
}

/** Delay before attempt number `attempt` (0, 1, …): full jitter under a doubling bound, so that many do not return at once. */
export const backoffMs = (attempt: number, random: () => number, { base = 100, max = 5_000 } = {}): number =>
  random() * Math.min(max, base * 2 ** attempt)
