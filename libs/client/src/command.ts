import { type BackOff, backOffMs } from './back-off.ts'
import type { Clock } from './clock.ts'
import { fromProtocol } from './failure.ts'

const TRIES_MAX = 6
const RETRY: BackOff = { firstMs: 300, longestMs: 5_000 }

/**
 * Tries a command until it is answered. The cid inside `work` is the same each time, so trying again is harmless.
 * @throws SwitchboardError the refusal, or the last failure after about half a minute.
 */
export async function untilAnswered<Answer>(clock: Clock, work: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const failure = fromProtocol(error)
      if (!failure.retry || attempt + 1 >= TRIES_MAX) throw failure
      await new Promise<void>((resolve) => {
        clock.after(backOffMs(attempt, RETRY, clock.random()), resolve)
      })
    }
  }
}
