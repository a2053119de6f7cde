import assert from 'node:assert/strict'
import { createECDH, createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { createVapid } from './vapid.ts'

const ecdh = createECDH('prime256v1')
const point = ecdh.generateKeys()
const publicKey = point.toString('base64url')
const HOUR = 3600_000

function start() {
  const clock = { ms: 1_800_000_000_000 }
  const privateKey = Buffer.concat([Buffer.alloc(32), ecdh.getPrivateKey()])
    .subarray(-32)
    .toString('base64url')
  const vapid = createVapid({ publicKey, privateKey, subject: 'mailto:a@example.org', now: () => clock.ms })
  return { clock, vapid }
}

test('the header carries a token for the origin, under 24 hours long, and our public key', () => {
  const header = start().vapid.authorization('https://push.example.org')
  const [, token, sent] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? []
  assert.equal(sent, publicKey)
  const [head, claims, signature] = (token ?? '').split('.')
  assert.deepEqual(JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()), {
    aud: 'https://push.example.org',
    exp: 1_800_000_000 + 24 * 3600 - 600,
    sub: 'mailto:a@example.org',
  })
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')]
  const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } })
  const bytes = Buffer.from(signature ?? '', 'base64url')
  assert.ok(verify('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, bytes))
})

test('a token is used for 12 hours, each origin has its own, and a clock set back makes a new one', () => {
  const { clock, vapid } = start()
  const first = vapid.authorization('https://a')
  assert.notEqual(vapid.authorization('https://b'), first)
  clock.ms += 12 * HOUR - 1
  assert.equal(vapid.authorization('https://a'), first)
  clock.ms += 1
  const second = vapid.authorization('https://a')
  assert.notEqual(second, first)
  clock.ms -= HOUR
  assert.notEqual(vapid.authorization('https://a'), second)
})

test('no more than 64 origins are remembered', () => {
  const { vapid } = start()
  const first = vapid.authorization('https://0')
  for (let index = 1; index <= 64; index += 1) vapid.authorization(`https://${index}`)
  // ECDSA signatures are random, so a token that was made again differs.
  assert.notEqual(vapid.authorization('https://0'), first)
})

test('a public key that is no point is refused at the start', () => {
  const options = { privateKey: 'x', subject: 'mailto:a@example.org', now: () => 0 }
  assert.throws(() => createVapid({ ...options, publicKey: 'AAAA' }), /P-256 point/)
})
