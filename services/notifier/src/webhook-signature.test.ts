import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signatureOf, webhookHeaders } from './webhook-signature.ts'

// The example of the Standard Webhooks specification: what its libraries verify, ours must sign.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const PARTS = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', seconds: 1_614_265_330, body: '{"test": 2432232314}' }

test('the example of the specification, signed, has the signature that stands there', () => {
  assert.equal(signatureOf(SECRET, PARTS), 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('another id, time, body or secret, then another signature', () => {
  const others = [
    signatureOf(SECRET, { ...PARTS, id: 'other' }),
    signatureOf(SECRET, { ...PARTS, seconds: PARTS.seconds + 1 }),
    signatureOf(SECRET, { ...PARTS, body: '{}' }),
    signatureOf(`${SECRET}BBBB`, PARTS),
  ]
  assert.equal(new Set([signatureOf(SECRET, PARTS), ...others]).size, 5)
  assert.equal(webhookHeaders([SECRET], PARTS)['webhook-timestamp'], '1614265330')
})

test('a secret that is being replaced, then there is a signature of each, the new one first', () => {
  const other = `${SECRET}BBBB`
  const both = `${signatureOf(other, PARTS)} ${signatureOf(SECRET, PARTS)}`
  assert.equal(webhookHeaders([other, SECRET], PARTS)['webhook-signature'], both)
})
