import { createCipheriv, createECDH, hkdfSync } from 'node:crypto'

const RECORD_BYTES = 4096
const KEY_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 16 + 4 + 1 + 65
const LAST_RECORD = Buffer.from([2])

/** The longest plaintext whose encrypted body is within the 4096 bytes that every push service takes. */
export const webpushPlaintextBytesMax = RECORD_BYTES - HEADER_BYTES - TAG_BYTES - LAST_RECORD.length

/**
 * Encrypts for one browser: RFC 8291 with the `aes128gcm` content coding of RFC 8188, in a single record.
 * `receiverKey` and `authSecret` are the subscription's p256dh (65 bytes) and auth (16 bytes); `senderPrivateKey`
 * (32 bytes) and `salt` (16 bytes) must be fresh for every message.
 */
export function encryptWebpush(options: {
  readonly plaintext: Uint8Array
  readonly receiverKey: Uint8Array
  readonly authSecret: Uint8Array
  readonly senderPrivateKey: Uint8Array
  readonly salt: Uint8Array
}): Buffer {
  const { plaintext, receiverKey, authSecret, salt } = options
  if (plaintext.byteLength > webpushPlaintextBytesMax) throw new RangeError('the plaintext does not fit one record')
  const sender = createECDH('prime256v1')
  sender.setPrivateKey(options.senderPrivateKey)
  const senderKey = sender.getPublicKey()
  const secret = sender.computeSecret(receiverKey)

  const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), receiverKey, senderKey])
  const inputKey = Buffer.from(hkdfSync('sha256', secret, authSecret, keyInfo, 32))
  const key = Buffer.from(hkdfSync('sha256', inputKey, salt, 'Content-Encoding: aes128gcm\0', KEY_BYTES))
  const nonce = Buffer.from(hkdfSync('sha256', inputKey, salt, 'Content-Encoding: nonce\0', NONCE_BYTES))

  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  const sealed = Buffer.concat([
    cipher.update(plaintext),
    cipher.update(LAST_RECORD),
    cipher.final(),
    cipher.getAuthTag(),
  ])
  const recordBytes = Buffer.alloc(4)
  recordBytes.writeUInt32BE(RECORD_BYTES)
  return Buffer.concat([salt, recordBytes, Buffer.from([senderKey.length]), senderKey, sealed])
}
