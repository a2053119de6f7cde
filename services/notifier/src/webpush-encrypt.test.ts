import assert from 'node:assert/strict'
import { createECDH, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { decryptWebpush } from '@switchboard/testkit/push-decrypt'
import { encryptWebpush, webpushPlaintextBytesMax } from './webpush-encrypt.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')

test('the example of RFC 8291 §5 comes out byte for byte', () => {
  const body = encryptWebpush({
    plaintext: Buffer.from('When I grow up, I want to be a watermelon'),
    receiverKey: bytes('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
    authSecret: bytes('BTBZMqHH6r4Tts7J_aSIgg'),
    senderPrivateKey: bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
    salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'),
  })
  assert.equal(
    body.toString('base64url'),
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_' +
      'yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  )
})

function makeBrowser() {
  const receiver = createECDH('prime256v1')
  const receiverKey = receiver.generateKeys()
  return { receiver, receiverKey, authSecret: randomBytes(16) }
}

const fresh = () => ({ senderPrivateKey: randomBytes(32), salt: randomBytes(16) })

test('what was encrypted for a browser is opened by it alone, at every length', () => {
  const browser = makeBrowser()
  const stranger = makeBrowser()
  for (const length of [0, 1, 100, webpushPlaintextBytesMax]) {
    const plaintext = randomBytes(length)
    const body = encryptWebpush({ plaintext, ...browser, ...fresh() })
    assert.ok(body.length <= 4096)
    assert.deepEqual(decryptWebpush(body, browser.receiver, browser.authSecret), plaintext)
    assert.equal(decryptWebpush(body, stranger.receiver, browser.authSecret), undefined)
    assert.equal(decryptWebpush(body, browser.receiver, stranger.authSecret), undefined)
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
    assert.equal(decryptWebpush(body, browser.receiver, browser.authSecret), undefined)
  }
})

test('one byte more than fits is refused', () => {
  const plaintext = Buffer.alloc(webpushPlaintextBytesMax + 1)
  assert.throws(() => encryptWebpush({ plaintext, ...makeBrowser(), ...fresh() }), RangeError)
})
