import { createDecipheriv, type ECDH, hkdfSync } from 'node:crypto'

/**
 * Opens a Web Push body as a browser does (RFC 8291, RFC 8188): `receiver` holds the subscription's private key.
 * Undefined when it is malformed, was encrypted for another key, or was changed on the way.
 */
export function decryptWebpush(body: Buffer, receiver: ECDH, authSecret: Buffer): Buffer | undefined {
  if (body.length < 86 + 17) return undefined
  const salt = body.subarray(0, 16)
  const recordBytes = body.readUInt32BE(16)
  const keyBytes = body[20] ?? 0
  if (keyBytes !== 65 || recordBytes < 18) return undefined
  const senderKey = body.subarray(21, 86)
  const record = body.subarray(86)
  // One record only: RFC 8291 §4 forbids more.
  if (record.length > recordBytes) return undefined
  try {
    const secret = receiver.computeSecret(senderKey)
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), receiver.getPublicKey(), senderKey])
    const inputKey = Buffer.from(hkdfSync('sha256', secret, authSecret, info, 32))
    const key = Buffer.from(hkdfSync('sha256', inputKey, salt, 'Content-Encoding: aes128gcm\0', 16))
    const nonce = Buffer.from(hkdfSync('sha256', inputKey, salt, 'Content-Encoding: nonce\0', 12))
    const decipher = createDecipheriv('aes-128-gcm', key, nonce)
    decipher.setAuthTag(record.subarray(-16))
    const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
    // Padding is zeros after the delimiter, which is 2 in the last record.
    let end = padded.length - 1
    while (end >= 0 && padded[end] === 0) end -= 1
    return padded[end] === 2 ? padded.subarray(0, end) : undefined
  } catch {
    return undefined
  }
}
