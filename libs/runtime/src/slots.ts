/** Lets at most `slotsMax` pieces of work run at once; the others wait in the order they came. */
export function createSlots(slotsMax: number) {
  const waiting: (() => void)[] = []
  let free = slotsMax
  return async function run<T>(work: () => Promise<T>): Promise<T> {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
