import assert from 'node:assert/strict'
import { createECDH, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { readSettings, SettingsError } from '@switchboard/runtime/settings'
import { checkSettings, settings } from './config.ts'

const pem = (key: ReturnType<typeof generateKeyPairSync>['privateKey']): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString()
const vapid = createECDH('prime256v1')
vapid.generateKeys()
const account = {
  project_id: 'p',
  client_email: 'e',
  private_key: pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  private_key_id: 'k',
  token_uri: 'https://oauth2.example.org/token',
}
const good = {
  APNS_KEY: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
  APNS_KEY_ID: 'KEY',
  APNS_TEAM_ID: 'TEAM',
  APNS_TOPIC: 'org.example.app',
  FCM_SERVICE_ACCOUNT: JSON.stringify(account),
  VAPID_PUBLIC_KEY: vapid.getPublicKey('base64url'),
  VAPID_PRIVATE_KEY: vapid.getPrivateKey('base64url'),
  VAPID_SUBJECT: 'mailto:a@example.org',
}

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    checkSettings(readSettings(settings, env))
    return []
  } catch (error) {
    assert.ok(error instanceof SettingsError)
    return error.problems
  }
}

test('no provider, all of them, or a key with escaped newlines: all fine', () => {
  assert.deepEqual(problemsOf({}), [])
  assert.deepEqual(problemsOf(good), [])
  assert.deepEqual(problemsOf({ ...good, APNS_KEY: good.APNS_KEY.replaceAll('\n', '\\n') }), [])
})

test('half a set of settings names what is missing', () => {
  const { APNS_TEAM_ID: _, VAPID_PRIVATE_KEY: __, ...half } = good
  assert.deepEqual(problemsOf(half), [
    'APNS_TEAM_ID must be given as APNS_KEY, APNS_KEY_ID, APNS_TOPIC are',
    'VAPID_PRIVATE_KEY must be given as VAPID_PUBLIC_KEY, VAPID_SUBJECT are',
  ])
})

test('every key that is none is named at once, and none is quoted', () => {
  const other = createECDH('prime256v1')
  other.generateKeys()
  const problems = problemsOf({
    ...good,
    APNS_KEY: pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
    FCM_SERVICE_ACCOUNT: JSON.stringify({ ...account, private_key: 'secret' }),
    VAPID_PRIVATE_KEY: other.getPrivateKey('base64url'),
    VAPID_SUBJECT: 'a@example.org',
  })
  assert.deepEqual(problems, [
    'APNS_KEY must be the PEM of a P-256 key',
    'FCM_SERVICE_ACCOUNT is not usable: its private_key is no key',
    'VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY must be a pair of P-256 keys in base64url',
    'VAPID_SUBJECT must begin with mailto: or https:',
  ])
})
