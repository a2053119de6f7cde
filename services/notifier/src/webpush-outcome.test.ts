import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt, Verdict } from './outcome.ts'
import { type WebpushAnswer, webpushVerdict } from './webpush-outcome.ts'

const attempt: Attempt = { attempt: 0, random: 0, startedAtMs: 5_000 }
const disable = (status: number): Verdict => ({ outcome: { kind: 'disable-device', reason: `status ${status}` } })
const forget = (status: number): Verdict => ({
  outcome: { kind: 'forget-device', reason: `status ${status}`, ifRegisteredBeforeMs: 5_000 },
})
const retry = (status: number, afterMs: number, scope: 'push' | 'device'): Verdict => ({
  outcome: { kind: 'retry', safe: true, reason: `status ${status}`, afterMs, scope },
})

const rows: readonly (readonly [WebpushAnswer, Verdict])[] = [
  [{ status: 201, location: 'https://x/1' }, { outcome: { kind: 'accepted', providerId: 'https://x/1' } }],
  [{ status: 200 }, { outcome: { kind: 'accepted' } }],
  [{ status: 404 }, forget(404)],
  [{ status: 410 }, forget(410)],
  [{ status: 413 }, { outcome: { kind: 'drop', reason: 'status 413' }, remedy: 'shrink' }],
  [{ status: 429, retryAfterMs: 5_000 }, retry(429, 5_000, 'device')],
  [{ status: 429 }, retry(429, 60_000, 'device')],
  [{ status: 400 }, disable(400)],
  [{ status: 401 }, disable(401)],
  [{ status: 403 }, disable(403)],
  [{ status: 500 }, retry(500, 5_000, 'push')],
  [{ status: 503, retryAfterMs: 30_000 }, retry(503, 30_000, 'push')],
  [{ status: 307, location: 'https://169.254.169.254/' }, { outcome: { kind: 'drop', reason: 'status 307' } }],
]

for (const [answer, verdict] of rows) {
  test(`Web Push ${answer.status} → ${verdict.outcome.kind}`, () => {
    assert.deepEqual(webpushVerdict(answer, attempt), verdict)
  })
}
