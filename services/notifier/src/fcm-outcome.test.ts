import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FcmAnswer, fcmVerdict } from './fcm-outcome.ts'
import type { Attempt, Verdict } from './outcome.ts'

const attempt: Attempt = { attempt: 0, random: 0, startedAtMs: 5_000 }

const fault = (errorCode: string, extra: object = {}, message = 'no'): string =>
  JSON.stringify({
    error: {
      message,
      status: 'CANONICAL_STATUS',
      details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }, extra],
    },
  })
const violation = (field: string) => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations: [{ field, description: 'bad' }],
})
const retry = (reason: string, afterMs: number, scope: 'push' | 'provider'): Verdict => ({
  outcome: { kind: 'retry', safe: true, reason, afterMs, scope },
})

const rows: readonly (readonly [name: string, FcmAnswer, Verdict])[] = [
  [
    '200 with a name',
    { status: 200, body: '{"name":"projects/p/messages/1"}' },
    { outcome: { kind: 'accepted', providerId: 'projects/p/messages/1' } },
  ],
  [
    '400 about message.token',
    { status: 400, body: fault('INVALID_ARGUMENT', violation('message.token')) },
    { outcome: { kind: 'disable-device', reason: 'INVALID_ARGUMENT' } },
  ],
  [
    '400 that says the token is not valid',
    {
      status: 400,
      body: fault('INVALID_ARGUMENT', {}, 'The registration token is not a valid FCM registration token'),
    },
    { outcome: { kind: 'disable-device', reason: 'INVALID_ARGUMENT' } },
  ],
  [
    '400 about our payload',
    { status: 400, body: fault('INVALID_ARGUMENT', violation('message.data[0].value')) },
    { outcome: { kind: 'drop', reason: 'INVALID_ARGUMENT' } },
  ],
  [
    '404 UNREGISTERED',
    { status: 404, body: fault('UNREGISTERED') },
    { outcome: { kind: 'forget-device', reason: 'UNREGISTERED', ifRegisteredBeforeMs: 5_000 } },
  ],
  [
    '404 of a wrong address',
    { status: 404, body: '<html>Not Found</html>' },
    { outcome: { kind: 'drop', reason: 'status 404' } },
  ],
  [
    '403 SENDER_ID_MISMATCH',
    { status: 403, body: fault('SENDER_ID_MISMATCH') },
    { outcome: { kind: 'disable-device', reason: 'SENDER_ID_MISMATCH' } },
  ],
  [
    '401 UNAUTHENTICATED',
    { status: 401, body: '{"error":{"status":"UNAUTHENTICATED"}}' },
    { outcome: { kind: 'credential', reason: 'UNAUTHENTICATED' }, remedy: 'refresh-access' },
  ],
  [
    '403 PERMISSION_DENIED',
    { status: 403, body: '{"error":{"status":"PERMISSION_DENIED"}}' },
    { outcome: { kind: 'credential', reason: 'PERMISSION_DENIED' }, remedy: 'refresh-access' },
  ],
  [
    '401 THIRD_PARTY_AUTH_ERROR',
    { status: 401, body: fault('THIRD_PARTY_AUTH_ERROR') },
    { outcome: { kind: 'credential', reason: 'THIRD_PARTY_AUTH_ERROR' } },
  ],
  [
    '429 without Retry-After',
    { status: 429, body: fault('QUOTA_EXCEEDED') },
    retry('QUOTA_EXCEEDED', 60_000, 'provider'),
  ],
  [
    '429 with Retry-After',
    { status: 429, body: '{"error":{"status":"RESOURCE_EXHAUSTED"}}', retryAfterMs: 9_000 },
    retry('RESOURCE_EXHAUSTED', 9_000, 'provider'),
  ],
  ['500', { status: 500, body: fault('INTERNAL') }, retry('INTERNAL', 5_000, 'push')],
  [
    '503 with Retry-After',
    { status: 503, body: fault('UNAVAILABLE'), retryAfterMs: 1 },
    retry('UNAVAILABLE', 1, 'push'),
  ],
  ['502 in HTML', { status: 502, body: '<!DOCTYPE html>' }, retry('status 502', 5_000, 'push')],
  ['409 of no known kind', { status: 409, body: 'null' }, { outcome: { kind: 'drop', reason: 'status 409' } }],
]

for (const [name, answer, verdict] of rows) {
  test(`FCM ${name} → ${verdict.outcome.kind}`, () => {
    assert.deepEqual(fcmVerdict(answer, attempt), verdict)
  })
}

test('FCM: the back-off is never under ten seconds at its longest and doubles to 15 minutes', () => {
  const after = (tries: number): number => {
    const { outcome } = fcmVerdict({ status: 500, body: '' }, { ...attempt, attempt: tries, random: 0.999999 })
    return outcome.kind === 'retry' ? Math.round(outcome.afterMs / 1000) : -1
  }
  assert.deepEqual([0, 1, 6, 7].map(after), [10, 20, 640, 900])
})
