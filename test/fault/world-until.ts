const PAUSE_MS = 25

/** Resolves when `condition` holds; @throws one sentence after the deadline. */
export async function until(what: string, msMax: number, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + msMax
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${msMax} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
