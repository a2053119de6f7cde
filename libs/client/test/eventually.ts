const DEADLINE_MS = 10_000
const LOOK_MS = 5

/** Waits until `look` answers true (or does not throw), with a deadline. */
export async function eventually(what: string, look: () => boolean): Promise<void> {
  const end = Date.now() + DEADLINE_MS
  while (!look()) {
    if (Date.now() > end) throw new Error(`not in ${DEADLINE_MS} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
