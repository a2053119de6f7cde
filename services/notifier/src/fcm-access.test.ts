import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import { test } from 'node:test'
import { createFcmAccess, type Exchange, readServiceAccount } from './fcm-access.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const account = {
  project_id: 'project',
  client_email: 'push@project',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  private_key_id: 'key',
  token_uri: 'https://oauth2.example.org/token',
}

function start(answers: Exchange[]) {
  const clock = { ms: 1_800_000_000_000 }
  const assertions: string[] = []
  const access = createFcmAccess({
    account,
    now: () => clock.ms,
    exchange: async (assertion) => {
      assertions.push(assertion)
      return answers.shift() ?? { kind: 'refused', reason: 'no answer planned' }
    },
  })
  return { clock, assertions, access }
}

const granted = (token: string): Exchange => ({ kind: 'granted', token, expiresInMs: 3_599_000 })

test('the assertion says who we are, for whom, for an hour, and is signed with RS256', async () => {
  const { access, assertions } = start([granted('a')])
  await access.bearer()
  const [header, claims, signature] = (assertions[0] ?? '').split('.').map((part) => Buffer.from(part, 'base64url'))
  assert.deepEqual(JSON.parse(String(header)), { alg: 'RS256', typ: 'JWT', kid: 'key' })
  assert.deepEqual(JSON.parse(String(claims)), {
    iss: 'push@project',
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
    aud: 'https://oauth2.example.org/token',
    iat: 1_800_000_000,
    exp: 1_800_003_600,
  })
  const signed = Buffer.from((assertions[0] ?? '').split('.').slice(0, 2).join('.'))
  assert.ok(verify('sha256', signed, publicKey, signature ?? Buffer.alloc(0)))
})

test('a bearer is fetched once for all who ask, and again five minutes before its end', async () => {
  const { access, assertions, clock } = start([granted('a'), granted('b')])
  const answers = await Promise.all(Array.from({ length: 100 }, () => access.bearer()))
  assert.ok(answers.every((answer) => answer.kind === 'granted' && answer.token === 'a'))
  clock.ms += 3_599_000 - 300_000 - 1
  await access.bearer()
  assert.equal(assertions.length, 1)
  clock.ms += 1
  assert.deepEqual(await access.bearer(), granted('b'))
})

test('a failed exchange is not repeated within a second, and then is', async () => {
  const down: Exchange = { kind: 'unavailable', reason: 'down', afterMs: 10_000 }
  const { access, assertions, clock } = start([down, granted('b')])
  assert.deepEqual(await access.bearer(), down)
  assert.deepEqual(await access.bearer(), down)
  assert.equal(assertions.length, 1)
  clock.ms += 1_000
  assert.deepEqual(await access.bearer(), granted('b'))
})

test('rejecting an old bearer does not throw away a newer one', async () => {
  const { access, assertions } = start([granted('a'), granted('b')])
  await access.bearer()
  access.reject('a')
  await access.bearer()
  access.reject('a')
  assert.deepEqual(await access.bearer(), granted('b'))
  assert.equal(assertions.length, 2)
})

test('a service account that lacks a field is refused by its name', () => {
  assert.deepEqual(readServiceAccount(JSON.stringify({ ...account, type: 'service_account' })), account)
  const { client_email: _, ...lacking } = account
  assert.throws(() => readServiceAccount(JSON.stringify(lacking)), /no client_email/)
  assert.throws(() => readServiceAccount('[]'), /no project_id/)
  assert.throws(
    () => readServiceAccount('{"private_key": "secret'),
    ({ message }: Error) => message === 'the service account is not a JSON object',
  )
})
