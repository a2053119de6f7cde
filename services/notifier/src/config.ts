import { createECDH, createPrivateKey } from 'node:crypto'
import { COMMON_SETTINGS, type Settings, SettingsError, table } from '@switchboard/runtime/settings'
import { readServiceAccount } from './fcm-access.ts'
import { webpushHostsDefault } from './web-subscription.ts'

export const settings = table({
  ...COMMON_SETTINGS,
  APNS_URL: { type: 'url', default: 'https://api.push.apple.com', doc: 'Where pushes to Apple devices go.' },
  APNS_SANDBOX_URL: {
    type: 'url',
    default: '',
    doc: 'Where pushes to apps built for tests go; https://api.sandbox.push.apple.com, or empty to serve none.',
  },
  APNS_KEY: { type: 'pem', default: '', secret: true, doc: 'The .p8 key for APNs. Empty: no pushes to Apple devices.' },
  APNS_KEY_ID: { type: 'string', default: '', doc: 'Id of that key.' },
  APNS_TEAM_ID: { type: 'string', default: '', doc: 'Id of the team that the key belongs to.' },
  APNS_TOPIC: { type: 'string', default: '', doc: 'Bundle id of the app.' },
  FCM_URL: { type: 'url', default: 'https://fcm.googleapis.com', doc: 'Where pushes through Firebase go.' },
  FCM_SERVICE_ACCOUNT: {
    type: 'string',
    default: '',
    secret: true,
    doc: 'The service account file of the Firebase project, as JSON. Empty: no pushes through Firebase.',
  },
  VAPID_PUBLIC_KEY: {
    type: 'string',
    default: '',
    doc: 'Public key for Web Push, base64url. Empty: no pushes to browsers.',
  },
  VAPID_PRIVATE_KEY: { type: 'string', default: '', secret: true, doc: 'Private key for Web Push, base64url.' },
  VAPID_SUBJECT: {
    type: 'string',
    default: '',
    doc: 'mailto: or https: address at which a push service can reach whoever runs this.',
  },
  WEBPUSH_HOSTS: {
    type: 'list',
    default: webpushHostsDefault,
    doc: 'Push services that may be sent to: a host, a suffix with a leading dot, or host:port, which may be private.',
  },
  WEBHOOK_HOSTS: {
    type: 'list',
    default: [],
    doc: 'Where webhooks may go besides https in public, host:port: also by http, and also in a private network. The same at edge and notifier.',
  },
  PUSH_CA: {
    type: 'pem',
    default: '',
    doc: 'Certificate authority to trust for all push services and webhooks, besides the well-known ones.',
  },
})

export type NotifierSettings = Settings<typeof settings>

const GROUPS = [
  ['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'],
  ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY', 'VAPID_SUBJECT'],
] as const

/** Settings that only make sense together, and keys that must be keys. @throws SettingsError naming every problem. */
export function checkSettings(values: NotifierSettings): void {
  const missing = GROUPS.flatMap((group) => {
    const given = group.filter((name) => values[name] !== '')
    const absent = group.filter((name) => values[name] === '')
    if (given.length === 0 || absent.length === 0) return []
    return [`${absent.join(', ')} must be given as ${given.join(', ')} ${given.length > 1 ? 'are' : 'is'}`]
  })
  const problems = missing.length > 0 ? missing : brokenKeys(values)
  if (problems.length > 0) throw new SettingsError(problems)
}

/** Never quotes a value: they are secrets. */
function brokenKeys(values: NotifierSettings): string[] {
  const problems: string[] = []
  if (values.APNS_KEY !== '' && !isEcKey(values.APNS_KEY)) problems.push('APNS_KEY must be the PEM of a P-256 key')
  if (values.FCM_SERVICE_ACCOUNT !== '') {
    try {
      createPrivateKey(readServiceAccount(values.FCM_SERVICE_ACCOUNT).private_key)
    } catch (error) {
      const reason = error instanceof TypeError ? error.message : 'its private_key is no key'
      problems.push(`FCM_SERVICE_ACCOUNT is not usable: ${reason}`)
    }
  }
  const { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey, VAPID_SUBJECT: subject } = values
  if (publicKey !== '' && !isVapidPair(publicKey, privateKey)) {
    problems.push('VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY must be a pair of P-256 keys in base64url')
  }
  if (subject !== '' && !/^(mailto:|https:)/.test(subject)) {
    problems.push('VAPID_SUBJECT must begin with mailto: or https:')
  }
  return problems
}

function isEcKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}

function isVapidPair(publicKey: string, privateKey: string): boolean {
  try {
    const pair = createECDH('prime256v1')
    pair.setPrivateKey(Buffer.from(privateKey, 'base64url'))
    return pair.getPublicKey('base64url') === publicKey
  } catch {
    return false
  }
}
