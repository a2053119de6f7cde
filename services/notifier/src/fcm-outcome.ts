import { backOffMs } from './back-off.ts'
import type { Attempt, Outcome, Verdict } from './outcome.ts'

export type FcmAnswer = {
  readonly status: number
  /** The body as it came; Google's front ends also answer with HTML. */
  readonly body: string
  readonly retryAfterMs?: number
}

const BACK_OFF_BASE_MS = 10_000
const QUOTA_PAUSE_MS = 60_000

/** Turns Firebase's answer into what happens next. */
export function fcmVerdict(answer: FcmAnswer, attempt: Attempt): Verdict {
  const fault = readFault(answer)
  if (answer.status === 200) {
    return { outcome: fault.name === undefined ? { kind: 'accepted' } : { kind: 'accepted', providerId: fault.name } }
  }
  const reason = fault.code
  if (answer.status >= 500) {
    const afterMs = answer.retryAfterMs ?? backOffMs(BACK_OFF_BASE_MS, attempt.attempt, attempt.random)
    return { outcome: { kind: 'retry', safe: true, scope: 'push', afterMs, reason } }
  }
  if (answer.status === 429) {
    const afterMs = answer.retryAfterMs ?? QUOTA_PAUSE_MS
    return { outcome: { kind: 'retry', safe: true, scope: 'provider', afterMs, reason } }
  }
  if (answer.status === 404 && reason === 'UNREGISTERED') {
    return { outcome: { kind: 'forget-device', reason, ifRegisteredBeforeMs: attempt.startedAtMs } }
  }
  if (answer.status === 403 && reason === 'SENDER_ID_MISMATCH') return { outcome: { kind: 'disable-device', reason } }
  if (answer.status === 401 && reason === 'THIRD_PARTY_AUTH_ERROR') return { outcome: { kind: 'credential', reason } }
  if (answer.status === 401 || answer.status === 403) {
    return { outcome: { kind: 'credential', reason }, remedy: 'refresh-access' }
  }
  if (answer.status === 400) return { outcome: badArgument(fault) }
  return { outcome: { kind: 'drop', reason } }
}

/** A 400 speaks of the target or of our payload. Only the first says anything about the device. */
function badArgument(fault: Fault): Outcome {
  const target = fault.fields.some((field) => field === 'message.token' || field === 'message.fid')
  const spoken = fault.message.includes('not a valid FCM registration token')
  return target || spoken ? { kind: 'disable-device', reason: fault.code } : { kind: 'drop', reason: fault.code }
}

type Fault = {
  readonly code: string
  readonly message: string
  readonly fields: readonly string[]
  readonly name?: string
}

function readFault(answer: FcmAnswer): Fault {
  const unknown = { code: `status ${answer.status}`, message: '', fields: [] }
  const body = parseRecord(answer.body)
  if (body === undefined) return unknown
  if (typeof body.name === 'string') return { ...unknown, name: body.name }
  const error = asRecord(body.error)
  if (error === undefined) return unknown
  const details = Array.isArray(error.details)
    ? error.details.map(asRecord).filter((detail) => detail !== undefined)
    : []
  const code = details.map((detail) => detail.errorCode).find((value) => typeof value === 'string')
  const status = typeof error.status === 'string' ? error.status : unknown.code
  return {
    code: code ?? status,
    message: typeof error.message === 'string' ? error.message : '',
    fields: details.flatMap(violatedFields),
  }
}

function violatedFields(detail: Record<string, unknown>): string[] {
  if (!Array.isArray(detail.fieldViolations)) return []
  return detail.fieldViolations
    .map((violation) => asRecord(violation)?.field)
    .filter((field) => typeof field === 'string')
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    return asRecord(JSON.parse(text))
  } catch {
    // HTML from a proxy in between: the status alone decides.
    return undefined
  }
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}
