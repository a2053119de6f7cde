import { backOffMs } from './back-off.ts'
import type { Attempt, Outcome, Verdict } from './outcome.ts'

export type ApnsAnswer = {
  readonly status: number
  /** `reason` of the JSON body; empty when there was none. */
  readonly reason: string
  /** 410 only: when Apple saw the token become invalid. */
  readonly timestampMs?: number
  readonly retryAfterMs?: number
  readonly apnsId?: string
}

const BACK_OFF_BASE_MS = 1_000
const DEVICE_PAUSE_MS = 60_000

/** Turns Apple's answer into what happens next, row by row as its documentation has it. */
export function apnsVerdict(answer: ApnsAnswer, attempt: Attempt): Verdict {
  const reason = answer.reason === '' ? `status ${answer.status}` : answer.reason
  if (answer.status === 200) {
    return {
      outcome: answer.apnsId === undefined ? { kind: 'accepted' } : { kind: 'accepted', providerId: answer.apnsId },
    }
  }
  if (answer.status === 400) return badRequest(reason, attempt)
  if (answer.status === 403) return forbidden(reason)
  if (answer.status === 410) {
    return {
      outcome: { kind: 'forget-device', reason, ifRegisteredBeforeMs: answer.timestampMs ?? attempt.startedAtMs },
    }
  }
  if (answer.status === 413) return { outcome: { kind: 'drop', reason }, remedy: 'shrink' }
  if (answer.status === 429) return tooMany(answer, reason)
  if (answer.status >= 500) {
    const afterMs = answer.retryAfterMs ?? backOffMs(BACK_OFF_BASE_MS, attempt.attempt, attempt.random)
    return { outcome: retry({ afterMs, reason }), remedy: 'new-connection' }
  }
  // 404 BadPath, 405 MethodNotAllowed and whatever else: we sent something that Apple does not serve.
  return { outcome: { kind: 'drop', reason } }
}

function badRequest(reason: string, attempt: Attempt): Verdict {
  if (reason === 'BadDeviceToken') return { outcome: { kind: 'disable-device', reason }, remedy: 'other-environment' }
  if (reason === 'DeviceTokenNotForTopic') return { outcome: { kind: 'disable-device', reason } }
  if (reason === 'IdleTimeout') {
    const afterMs = backOffMs(BACK_OFF_BASE_MS, attempt.attempt, attempt.random)
    return { outcome: retry({ afterMs, reason }), remedy: 'new-connection' }
  }
  return { outcome: { kind: 'drop', reason } }
}

function forbidden(reason: string): Verdict {
  if (reason !== 'ExpiredProviderToken') return { outcome: { kind: 'credential', reason } }
  // Where the token may not be minted again yet, our clock is wrong: that is for a person to see to.
  return { outcome: { kind: 'credential', reason }, remedy: 'mint-token' }
}

function tooMany(answer: ApnsAnswer, reason: string): Verdict {
  if (reason === 'TooManyProviderTokenUpdates') {
    const afterMs = answer.retryAfterMs ?? DEVICE_PAUSE_MS
    return { outcome: retry({ afterMs, reason, scope: 'provider' }), remedy: 'hold-token' }
  }
  const afterMs = Math.max(DEVICE_PAUSE_MS, answer.retryAfterMs ?? 0)
  return { outcome: retry({ afterMs, reason, scope: 'device' }) }
}

function retry(options: { afterMs: number; reason: string; scope?: 'push' | 'device' | 'provider' }): Outcome {
  // Apple answered, and the answer was not 200: it has not taken the push.
  return { kind: 'retry', safe: true, scope: options.scope ?? 'push', afterMs: options.afterMs, reason: options.reason }
}
