const DEADLINE_MS = 60_000
const LOOK_MS = 20

/** Waits until `look` answers true, with a deadline. */
export async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE_MS
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`not in ${DEADLINE_MS} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
