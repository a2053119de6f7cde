import { backOffMs } from './back-off.ts'
import type { Attempt, Outcome } from './outcome.ts'
import type { Transmission } from './transmit.ts'

const BACK_OFF_BASE_MS = 2_000
const PAUSE_MS = 60_000
/** Failures of one delivery, one after the other, after which the endpoint itself is taken to be unwell. */
const FAILURES_MAX = 3
/** It has read the request and does not want it: it would not want it the next time. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422])

/**
 * Turns the answer of a customer's server into what happens next. Whatever is not a refusal is tried again for a day, as somebody
 * may mend it. After some failures the endpoint is held back as a whole, and tried with one delivery now and then.
 */
export function webhookOutcome(
  answer: Transmission,
  attempt: Attempt & { readonly retryAfterMs?: number | undefined },
): Outcome {
  const reason = answer.kind === 'lost' ? answer.reason : `status ${answer.status}`
  if (answer.kind === 'answer') {
    if (answer.status >= 200 && answer.status < 300) return { kind: 'accepted' }
    if (answer.status === 410) return { kind: 'disable-device', reason }
    if (REFUSALS.has(answer.status)) return { kind: 'drop', reason }
    if (answer.status === 429)
      return { kind: 'retry', afterMs: attempt.retryAfterMs ?? PAUSE_MS, safe: true, scope: 'device', reason }
  }
  if (attempt.attempt + 1 >= FAILURES_MAX) return { kind: 'credential', reason }
  const afterMs = attempt.retryAfterMs ?? backOffMs(BACK_OFF_BASE_MS, attempt.attempt, attempt.random)
  return { kind: 'retry', afterMs, safe: answer.kind === 'answer' || answer.safe, scope: 'push', reason }
}
