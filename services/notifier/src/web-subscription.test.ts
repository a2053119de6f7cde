import assert from 'node:assert/strict'
import { createECDH, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { readSubscription, webpushHostsDefault } from './web-subscription.ts'

const keys = {
  p256dh: createECDH('prime256v1').generateKeys().toString('base64url'),
  auth: randomBytes(16).toString('base64url'),
}
const read = (endpoint: string, hosts = webpushHostsDefault) => readSubscription({ endpoint, keys }, hosts)

for (const endpoint of [
  'https://fcm.googleapis.com/fcm/send/abc',
  'https://updates.push.services.mozilla.com/wpush/v2/abc',
  'https://web.push.apple.com/QAbc',
  'https://wns2-par02p.notify.windows.com/w/?token=abc',
  'https://FCM.googleapis.com:443/fcm/send/abc',
]) {
  test(`allowed: ${endpoint}`, () => {
    assert.equal('endpoint' in read(endpoint), true)
  })
}

const refusals: readonly (readonly [string, string])[] = [
  ['http://fcm.googleapis.com/x', 'not-https'],
  ['https://user:pass@fcm.googleapis.com/x', 'has-credentials'],
  ['https://fcm.googleapis.com:8443/x', 'bad-port'],
  ['https://fcm.googleapis.com.evil.example/x', 'host-not-allowed'],
  ['https://evil.example/fcm.googleapis.com', 'host-not-allowed'],
  ['https://evil.example/?.push.apple.com', 'host-not-allowed'],
  ['https://evilpush.apple.com/x', 'host-not-allowed'],
  ['https://push.apple.com/x', 'host-not-allowed'],
  ['https://127.0.0.1/x', 'host-not-allowed'],
  ['https://0x7f000001/x', 'host-not-allowed'],
  ['https://[::1]/x', 'host-not-allowed'],
  ['https://169.254.169.254/latest/meta-data', 'host-not-allowed'],
  ['https://fcm.googleapis.com@evil.example/x', 'has-credentials'],
  ['https://', 'bad-url'],
]
for (const [endpoint, refused] of refusals) {
  test(`refused as ${refused}: ${endpoint}`, () => {
    assert.deepEqual(read(endpoint), { refused })
  })
}

test('a host that is named with its port is trusted, and only on that port', () => {
  const trusted = read('https://127.0.0.1:8443/push/1', ['127.0.0.1:8443'])
  assert.equal('trusted' in trusted && trusted.trusted, true)
  assert.deepEqual(read('https://127.0.0.1:9000/push/1', ['127.0.0.1:8443']), { refused: 'bad-port' })
})

test('keys that are no point of the curve, or of the wrong length, are refused', () => {
  const endpoint = 'https://fcm.googleapis.com/x'
  const offCurve = Buffer.concat([Buffer.from([4]), randomBytes(64)]).toString('base64url')
  for (const bad of [
    { ...keys, p256dh: offCurve },
    { ...keys, p256dh: 'AAAA' },
    { ...keys, auth: 'AAAA' },
  ]) {
    assert.deepEqual(readSubscription({ endpoint, keys: bad }, webpushHostsDefault), { refused: 'bad-keys' })
  }
})
