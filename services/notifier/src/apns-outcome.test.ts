import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApnsAnswer, apnsVerdict } from './apns-outcome.ts'
import type { Attempt, Verdict } from './outcome.ts'

const attempt: Attempt = { attempt: 0, random: 0, startedAtMs: 5_000 }
const drop = (reason: string): Verdict => ({ outcome: { kind: 'drop', reason } })
const credential = (reason: string): Verdict => ({ outcome: { kind: 'credential', reason } })
const retry = (reason: string, afterMs: number, scope: 'push' | 'device' | 'provider') =>
  ({ kind: 'retry', safe: true, reason, afterMs, scope }) as const

const ourBugs = [
  'TopicDisallowed',
  'BadTopic',
  'MissingTopic',
  'InvalidPushType',
  'BadPriority',
  'BadExpirationDate',
  'BadCollapseId',
  'BadMessageId',
  'DuplicateHeaders',
  'MissingDeviceToken',
  'PayloadEmpty',
]
const credentials = [
  'InvalidProviderToken',
  'MissingProviderToken',
  'BadCertificate',
  'BadCertificateEnvironment',
  'UnrelatedKeyIdInToken',
  'BadEnvironmentKeyIdInToken',
  'BadEnvironmentKeyInToken',
  'Forbidden',
]

const rows: readonly (readonly [ApnsAnswer, Verdict])[] = [
  [{ status: 200, reason: '', apnsId: 'x' }, { outcome: { kind: 'accepted', providerId: 'x' } }],
  [{ status: 200, reason: '' }, { outcome: { kind: 'accepted' } }],
  [
    { status: 400, reason: 'BadDeviceToken' },
    { outcome: { kind: 'disable-device', reason: 'BadDeviceToken' }, remedy: 'other-environment' },
  ],
  [
    { status: 400, reason: 'DeviceTokenNotForTopic' },
    { outcome: { kind: 'disable-device', reason: 'DeviceTokenNotForTopic' } },
  ],
  ...ourBugs.map((reason) => [{ status: 400, reason }, drop(reason)] as const),
  [{ status: 404, reason: 'BadPath' }, drop('BadPath')],
  [{ status: 405, reason: 'MethodNotAllowed' }, drop('MethodNotAllowed')],
  [
    { status: 400, reason: 'IdleTimeout' },
    { outcome: retry('IdleTimeout', 500, 'push'), remedy: 'new-connection' },
  ],
  [
    { status: 403, reason: 'ExpiredProviderToken' },
    { outcome: { kind: 'credential', reason: 'ExpiredProviderToken' }, remedy: 'mint-token' },
  ],
  ...credentials.map((reason) => [{ status: 403, reason }, credential(reason)] as const),
  [
    { status: 410, reason: 'Unregistered', timestampMs: 4_000 },
    { outcome: { kind: 'forget-device', reason: 'Unregistered', ifRegisteredBeforeMs: 4_000 } },
  ],
  [
    { status: 410, reason: 'ExpiredToken' },
    { outcome: { kind: 'forget-device', reason: 'ExpiredToken', ifRegisteredBeforeMs: 5_000 } },
  ],
  [
    { status: 413, reason: 'PayloadTooLarge' },
    { outcome: { kind: 'drop', reason: 'PayloadTooLarge' }, remedy: 'shrink' },
  ],
  [{ status: 429, reason: 'TooManyRequests' }, { outcome: retry('TooManyRequests', 60_000, 'device') }],
  [
    { status: 429, reason: 'TooManyRequests', retryAfterMs: 90_000 },
    { outcome: retry('TooManyRequests', 90_000, 'device') },
  ],
  [
    { status: 429, reason: 'TooManyProviderTokenUpdates' },
    { outcome: retry('TooManyProviderTokenUpdates', 60_000, 'provider'), remedy: 'hold-token' },
  ],
  [
    { status: 500, reason: 'InternalServerError' },
    { outcome: retry('InternalServerError', 500, 'push'), remedy: 'new-connection' },
  ],
  [
    { status: 503, reason: 'ServiceUnavailable', retryAfterMs: 7_000 },
    { outcome: retry('ServiceUnavailable', 7_000, 'push'), remedy: 'new-connection' },
  ],
  [
    { status: 503, reason: 'Shutdown' },
    { outcome: retry('Shutdown', 500, 'push'), remedy: 'new-connection' },
  ],
  [
    { status: 502, reason: '' },
    { outcome: retry('status 502', 500, 'push'), remedy: 'new-connection' },
  ],
  [{ status: 302, reason: '' }, drop('status 302')],
]

for (const [answer, verdict] of rows) {
  test(`APNs ${answer.status} ${answer.reason} → ${verdict.outcome.kind}`, () => {
    assert.deepEqual(apnsVerdict(answer, attempt), verdict)
  })
}

test('APNs: the back-off doubles from one second and ends at 15 minutes', () => {
  const after = (tries: number): number => {
    const { outcome } = apnsVerdict({ status: 503, reason: '' }, { ...attempt, attempt: tries, random: 0.999999 })
    return outcome.kind === 'retry' ? Math.round(outcome.afterMs / 1000) : -1
  }
  assert.deepEqual([0, 1, 2, 9, 10, 1000].map(after), [1, 2, 4, 512, 900, 900])
})
