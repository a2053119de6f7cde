import { createECDH, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { type ApnsJudge, createApnsJudge } from './push-apns.ts'
import { createAuthority } from './push-certificate.ts'
import { createFcmJudge, type FcmJudge } from './push-fcm.ts'
import { type PushServer, startPushServer } from './push-http2.ts'
import type { ShownPush } from './push-records.ts'
import { createWebpushJudge, type WebpushJudge } from './push-webpush.ts'

const HOST = '127.0.0.1'
const TOKEN_PATH = '/token'
const PROJECT = 'switchboard-test'

/** Values for the notifier's settings, under the settings' names. */
export type PushSettings = {
  readonly APNS_URL: string
  readonly APNS_KEY: string
  readonly APNS_KEY_ID: string
  readonly APNS_TEAM_ID: string
  readonly APNS_TOPIC: string
  readonly FCM_URL: string
  readonly FCM_SERVICE_ACCOUNT: string
  readonly PUSH_CA: string
  readonly VAPID_PUBLIC_KEY: string
  readonly VAPID_PRIVATE_KEY: string
  readonly VAPID_SUBJECT: string
  readonly WEBPUSH_HOSTS: string
}

export type PushServers = {
  readonly apns: PushServer & ApnsJudge
  readonly fcm: PushServer & FcmJudge
  readonly webpush: PushServer & WebpushJudge
  /** All that a notifier needs to talk to these servers and to nobody else. */
  readonly settings: PushSettings
  /** A new device of each kind, as a body of `PUT /v1/devices/{device}`. */
  readonly device: {
    readonly apns: () => { provider: 'apns'; target: { token: string } }
    readonly fcm: () => { provider: 'fcm'; target: { token: string } }
    readonly webpush: () => { provider: 'webpush'; target: ReturnType<WebpushJudge['subscribe']> }
  }
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type PushServersOptions = {
  readonly now?: () => number
  /** Called with what each phone or browser would have shown. */
  readonly onPush?: (push: ShownPush) => void
  /** How many streams a client of APNs may open: Apple allows one until the first good token. */
  readonly apnsStreams?: { readonly first: number; readonly later: number }
  /** More addresses at which Firebase is reached, where proxies stand before it. */
  readonly fcmOrigins?: () => readonly string[]
  /** The address in the endpoints of browsers, where a proxy stands before the push service. */
  readonly webpushOrigin?: () => string | undefined
}

/** Starts stand-ins for Apple, Google and a push service, with keys and certificates made for this run. */
export async function startPushServers(options: PushServersOptions = {}): Promise<PushServers> {
  const now = options.now ?? Date.now
  const authority = createAuthority(Date.now())
  const certificate = authority.issue([HOST, 'localhost'])
  const shared = { certificate, now, ...(options.onPush === undefined ? {} : { onShown: options.onPush }) }

  const appleKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const apple = { keyId: 'SWITCHTEST', teamId: 'TEAM123456', topic: 'org.example.switchboard' }
  const apnsJudge = createApnsJudge({ publicKey: appleKey.publicKey, ...apple, now })
  const apnsServer = await startPushServer({
    ...shared,
    judge: apnsJudge.judge,
    streams: options.apnsStreams ?? { first: 1, later: 1000 },
  })

  const googleKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const google = { keyId: randomBytes(20).toString('hex'), clientEmail: `push@${PROJECT}.iam.example.org` }
  const fcmJudge = createFcmJudge({
    publicKey: createPublicKey(googleKey.publicKey.export({ type: 'spki', format: 'pem' })),
    ...google,
    project: PROJECT,
    tokenPath: TOKEN_PATH,
    tokenUris: () => [fcmServer.url, ...(options.fcmOrigins?.() ?? [])].map((origin) => origin + TOKEN_PATH),
    now,
  })
  const fcmServer: PushServer = await startPushServer({ ...shared, judge: fcmJudge.judge })

  const vapid = createECDH('prime256v1')
  const vapidPublicKey = vapid.generateKeys().toString('base64url')
  const webpushJudge = createWebpushJudge({
    vapidPublicKey,
    origin: () => options.webpushOrigin?.() ?? webpushServer.url,
    now,
  })
  const webpushServer: PushServer = await startPushServer({ ...shared, judge: webpushJudge.judge })

  const settings: PushSettings = {
    APNS_URL: apnsServer.url,
    APNS_KEY: pem(appleKey.privateKey),
    APNS_KEY_ID: apple.keyId,
    APNS_TEAM_ID: apple.teamId,
    APNS_TOPIC: apple.topic,
    FCM_URL: fcmServer.url,
    FCM_SERVICE_ACCOUNT: serviceAccount({ ...google, privateKey: googleKey.privateKey, url: fcmServer.url }),
    PUSH_CA: authority.ca,
    VAPID_PUBLIC_KEY: vapidPublicKey,
    VAPID_PRIVATE_KEY: pad32(vapid.getPrivateKey()).toString('base64url'),
    VAPID_SUBJECT: 'mailto:operator@example.org',
    WEBPUSH_HOSTS: new URL(webpushServer.url).host,
  }

  return {
    apns: { ...apnsServer, ...apnsJudge },
    fcm: { ...fcmServer, ...fcmJudge },
    webpush: { ...webpushServer, ...webpushJudge },
    settings,
    device: {
      apns: () => ({ provider: 'apns', target: { token: randomBytes(32).toString('hex') } }),
      fcm: () => ({ provider: 'fcm', target: { token: `test:${randomBytes(24).toString('base64url')}` } }),
      webpush: () => ({ provider: 'webpush', target: webpushJudge.subscribe() }),
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([apnsServer, fcmServer, webpushServer].map((server) => server[Symbol.asyncDispose]()))
    },
  }
}

function pem(key: ReturnType<typeof generateKeyPairSync>['privateKey']): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function serviceAccount(account: {
  keyId: string
  clientEmail: string
  privateKey: Parameters<typeof pem>[0]
  url: string
}): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: PROJECT,
    client_email: account.clientEmail,
    private_key: pem(account.privateKey),
    private_key_id: account.keyId,
    token_uri: account.url + TOKEN_PATH,
  })
}

/** OpenSSL leaves out leading zeros. */
function pad32(key: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(32 - key.length), key])
}
