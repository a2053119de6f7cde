import { COMMON_SETTINGS, type Settings, SettingsError, table } from '@switchboard/runtime/settings'
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
  PUSH_CA: {
    type: 'pem',
    default: '',
    doc: 'Certificate authority to trust for all push services, besides the well-known ones.',
  },
})

export type NotifierSettings = Settings<typeof settings>

const GROUPS = [
  ['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'],
  ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY', 'VAPID_SUBJECT'],
] as const

/** Settings that only make sense together. @throws SettingsError naming what is missing. */
export function checkSettings(values: NotifierSettings): void {
  const problems = GROUPS.flatMap((group) => {
    const given = group.filter((name) => values[name] !== '')
    const missing = group.filter((name) => values[name] === '')
    if (given.length === 0 || missing.length === 0) return []
    return [`${missing.join(', ')} must be given as ${given.join(', ')} ${given.length > 1 ? 'are' : 'is'}`]
  })
  if (problems.length > 0) throw new SettingsError(problems)
}
