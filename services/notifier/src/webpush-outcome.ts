import { backOffMs } from './back-off.ts'
import type { Attempt, Outcome, Verdict } from './outcome.ts'

export type WebpushAnswer = {
  readonly status: number
  readonly retryAfterMs?: number
  /** Where the push service keeps the message: its only name for it. */
  readonly location?: string
}

const BACK_OFF_BASE_MS = 10_000
const DEVICE_PAUSE_MS = 60_000

/** Turns a push service's answer (RFC 8030) into what happens next. */
export function webpushVerdict(answer: WebpushAnswer, attempt: Attempt): Verdict {
  const reason = `status ${answer.status}`
  if (answer.status >= 200 && answer.status < 300) {
    return {
      outcome: answer.location === undefined ? { kind: 'accepted' } : { kind: 'accepted', providerId: answer.location },
    }
  }
  if (answer.status === 404 || answer.status === 410) {
    return { outcome: { kind: 'forget-device', reason, ifRegisteredBeforeMs: attempt.startedAtMs } }
  }
  if (answer.status === 413) return { outcome: { kind: 'drop', reason }, remedy: 'shrink' }
  if (answer.status === 429) {
    const afterMs = answer.retryAfterMs ?? DEVICE_PAUSE_MS
    return { outcome: retry({ afterMs, reason, scope: 'device' }) }
  }
  // The subscription was made for another VAPID key, or the service refuses ours for it.
  if (answer.status === 400 || answer.status === 401 || answer.status === 403) {
    return { outcome: { kind: 'disable-device', reason } }
  }
  if (answer.status >= 500) {
    const afterMs = answer.retryAfterMs ?? backOffMs(BACK_OFF_BASE_MS, attempt.attempt, attempt.random)
    return { outcome: retry({ afterMs, reason, scope: 'push' }) }
  }
  // Redirects are never followed: the endpoint was checked, where it points to was not.
  return { outcome: { kind: 'drop', reason } }
}

function retry(options: { afterMs: number; reason: string; scope: 'push' | 'device' }): Outcome {
  return { kind: 'retry', safe: true, ...options }
}
