import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** Connections that a load process opens at the same time: half of what an edge lets wait without a token. */
const OPENING_MAX = 400
const LOOK_MS = 5

/** Opens all, some at a time. @throws the first failure. */
export async function openAll<T>(items: readonly T[], open: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const one = async () => {
    for (const item of left) await open(item)
  }
  await Promise.all(Array.from({ length: OPENING_MAX }, one))
}

/** Looks until it holds. @throws when it does not in time. */
export async function until(isTrue: () => boolean, msMax: number, what: () => string): Promise<void> {
  const deadline = performance.now() + msMax
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`after ${msMax} ms: ${what()}`)
    await sleep(LOOK_MS)
  }
}

/**
 * Calls `send` at an even rate, whether answers come or not; at 0 as often as it says true. What is late is made up for, so a slow
 * machine gets the same work. @returns how many of the calls that were due `send` refused.
 */
export async function atRate({
  perSecond,
  seconds,
  send,
}: {
  perSecond: number
  seconds: number
  send: () => boolean
}): Promise<number> {
  const from = performance.now()
  const due = () => Math.min(seconds, (performance.now() - from) / 1_000) * perSecond
  let [done, heldBack] = [0, 0]
  while (performance.now() - from < seconds * 1_000) {
    if (perSecond === 0) {
      while (send()) done += 1
      await nextTurn()
      continue
    }
    for (; done + heldBack < Math.floor(due()); ) {
      if (send()) done += 1
      else heldBack += 1
    }
    await sleep(1)
  }
  return heldBack
}
