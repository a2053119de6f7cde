import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makePush } from '../test/senders.ts'
import { apnsPayload, fcmPayload, ttlSeconds, webpushPayload } from './push-payload.ts'
import { webpushPlaintextBytesMax } from './webpush-encrypt.ts'

const target = { endpoint: 'https://fcm.googleapis.com/x', keys: { p256dh: '', auth: '' } }
const fcm = { id: 'd', provider: 'fcm' as const, target: { token: 't'.repeat(160) } }
const apns = { id: 'd', provider: 'apns' as const, target: { token: 'ab' } }
const webpush = { id: 'd', provider: 'webpush' as const, target }
const bytes = (text: string): number => Buffer.byteLength(text)

test('every payload is within its limit, and uses all of it, whatever the text is made of', () => {
  // Plain letters, four-byte characters, and characters that JSON writes as two.
  for (const piece of ['a', '👋', '"', '\\', 'é', '字']) {
    const body = piece.repeat(8_000)
    const title = piece.repeat(300)
    const payloads: [string, number][] = [
      [apnsPayload({ ...makePush(apns), body, title }, 'full'), 4096],
      [fcmPayload({ ...makePush(fcm), body, title }, 'full', 0), 4096],
      [webpushPayload({ ...makePush(webpush), body, title }, 'full'), webpushPlaintextBytesMax],
    ]
    for (const [payload, limit] of payloads) {
      assert.ok(bytes(payload) <= limit, `${bytes(payload)} bytes of ${piece}`)
      assert.ok(bytes(payload) > limit - 16, `${bytes(payload)} bytes of ${piece}`)
    }
  }
})

test('without its text a payload still says where to look', () => {
  const push = makePush(apns)
  assert.deepEqual(JSON.parse(apnsPayload(push, 'id-only')).aps.alert, { title: 'New message', body: '' })
  assert.equal(JSON.parse(apnsPayload(push, 'id-only')).seq, 7)
})

test('title and body are plain lines', () => {
  const push = { ...makePush(webpush), title: 'a\nb', body: '\u202Ex' }
  const { title, body } = JSON.parse(webpushPayload(push, 'full'))
  assert.deepEqual([title, body], ['a b', 'x'])
})

test('the time to live is whole seconds from now, never negative and at most 28 days', () => {
  assert.equal(ttlSeconds(10_999, 1_000), 9)
  assert.equal(ttlSeconds(1_000, 5_000), 0)
  assert.equal(ttlSeconds(1e15, 0), 2_419_200)
})
