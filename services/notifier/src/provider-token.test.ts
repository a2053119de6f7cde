import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import { test } from 'node:test'
import { createProviderToken } from './provider-token.ts'

const MINUTE = 60_000
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

function start() {
  const clock = { ms: 1_800_000_000_000 }
  const token = createProviderToken({ key, keyId: 'KEY', teamId: 'TEAM', now: () => clock.ms })
  return { clock, token }
}

const part = (text: string, index: number) =>
  JSON.parse(Buffer.from(text.split('.')[index] ?? '', 'base64url').toString())

test('a token names the key, the team and its time of issue, and is signed with ES256', () => {
  const text = start().token.current()
  assert.deepEqual(part(text, 0), { alg: 'ES256', kid: 'KEY' })
  assert.deepEqual(part(text, 1), { iss: 'TEAM', iat: 1_800_000_000 })
  const [header, claims, signature] = text.split('.')
  const bytes = Buffer.from(signature ?? '', 'base64url')
  assert.equal(bytes.length, 64)
  const signed = Buffer.from(`${header}.${claims}`)
  assert.ok(verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes))
})

test('one token serves for 50 minutes, then there is another', () => {
  const { clock, token } = start()
  const first = token.current()
  clock.ms += 50 * MINUTE - 1
  assert.equal(token.current(), first)
  clock.ms += 1
  assert.equal(part(token.current(), 1).iat, clock.ms / 1000)
})

test('renewal happens once in 20 minutes, whoever asks how often', () => {
  const { clock, token } = start()
  const first = token.current()
  clock.ms += 20 * MINUTE - 1
  assert.equal(token.renew(), false)
  assert.equal(token.current(), first)
  clock.ms += 1
  assert.equal(token.renew(), true)
  assert.notEqual(token.current(), first)
  assert.equal(token.renew(), false)
})

test('after a complaint about too many tokens the present one is kept for 20 minutes, whatever its age', () => {
  const { clock, token } = start()
  const first = token.current()
  clock.ms += 45 * MINUTE
  token.hold()
  clock.ms += 19 * MINUTE
  assert.equal(token.current(), first)
  assert.equal(token.renew(), false)
  clock.ms += MINUTE
  assert.notEqual(token.current(), first)
})

test('a clock that is set back does not leave us with a token from the future', () => {
  const { clock, token } = start()
  token.hold()
  token.current()
  clock.ms -= 3 * 60 * MINUTE
  assert.equal(part(token.current(), 1).iat, clock.ms / 1000)
})

test('in a day of pushes no two tokens are less than 20 minutes apart, and none is older than 60', () => {
  const { clock, token } = start()
  const issued: number[] = []
  for (let step = 0; step < 24 * 60; step += 1) {
    clock.ms += MINUTE
    if (step % 7 === 0) token.renew()
    const iat = part(token.current(), 1).iat as number
    assert.ok(clock.ms / 1000 - iat <= 3600)
    if (issued.at(-1) !== iat) issued.push(iat)
  }
  const gaps = issued.slice(1).map((iat, index) => iat - (issued[index] ?? 0))
  assert.ok(gaps.length > 20)
  assert.ok(Math.min(...gaps) >= 20 * 60)
})
