import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import { SignJWT } from 'jose'
import { createTokens, type TokenOptions } from '../src/tokens.ts'

const own = generateKeyPairSync('ed25519')
const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const spkiOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()

const options = (more: Partial<TokenOptions> = {}): TokenOptions => ({
  privateKey: pemOf(own.privateKey),
  oldPublicKeys: [],
  issuer: 'switchboard',
  audience: '',
  seconds: 60,
  external: { jwksUrl: '', issuer: '' },
  now: () => Date.now(),
  keysUnavailable: () => {},
  ...more,
})

test('a key that was replaced, then tokens signed by it count until it is taken off the list', async () => {
  const issued = await (await createTokens(options())).issue('ann', ['user', 'agent'])
  const next = pemOf(generateKeyPairSync('ed25519').privateKey)
  const rotated = await createTokens(options({ privateKey: next, oldPublicKeys: [spkiOf(own.publicKey)] }))
  const identity = await rotated.verify(issued?.token ?? '')
  assert.deepEqual(identity, { user: 'ann', roles: ['agent', 'user'], expiresAt: issued?.expires_at })
  assert.equal(rotated.jwks.keys.length, 2)
  const forgotten = await createTokens(options({ privateKey: next }))
  const refused = await forgotten.verify(issued?.token ?? '')
  assert.equal(isRefusal(refused) && refused.code, 'unauthorized')
})

test('an audience, then only tokens for it', async () => {
  const chat = await createTokens(options({ audience: 'chat' }))
  const mine = await chat.issue('ann', ['user'])
  assert.ok(!isRefusal(await chat.verify(mine?.token ?? '')))
  const any = await (await createTokens(options())).issue('ann', ['user'])
  const refused = await chat.verify(any?.token ?? '')
  assert.equal(isRefusal(refused) && refused.code, 'unauthorized')
})

test('another issuer by the address of its keys, then its tokens count, and ours as well', async () => {
  const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...theirs.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }
  let isAway = false
  const server = createServer((_request, response) => {
    response.statusCode = isAway ? 503 : 200
    response.end(isAway ? '' : JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const external = {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    issuer: 'https://id.example',
  }
  const sign = (issuer: string) =>
    new SignJWT({ roles: ['admin', 'emperor'] })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer(issuer)
      .setSubject('zoe')
      .setExpirationTime('1h')
      .sign(theirs.privateKey)
  const tokens = await createTokens(options({ external }))
  const identity = await tokens.verify(await sign('https://id.example'))
  assert.deepEqual(isRefusal(identity) ? identity : [identity.user, identity.roles], ['zoe', ['admin']])
  const forged = await tokens.verify(await sign('switchboard'))
  assert.equal(isRefusal(forged) && forged.code, 'unauthorized')
  assert.ok(!isRefusal(await tokens.verify((await tokens.issue('ann', ['user']))?.token ?? '')))
  isAway = true
  const reported: unknown[] = []
  const keysUnavailable = (error: unknown) => reported.push(error)
  const fresh = await createTokens(options({ external, keysUnavailable }))
  const later = await fresh.verify(await sign('https://id.example'))
  assert.deepEqual([isRefusal(later) && later.code, reported.length], ['unavailable', 1])
  server.close()
})

test('no key of our own, then no tokens are issued', async () => {
  const tokens = await createTokens(options({ privateKey: '' }))
  assert.equal(tokens.issue('ann', ['user']), null)
  await assert.rejects(createTokens(options({ privateKey: 'no key' })))
})
