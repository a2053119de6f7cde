import { createECDH, createPublicKey, type ECDH, randomBytes } from 'node:crypto'
import { decryptWebpush } from './push-decrypt.ts'
import type { PushAnswer, PushCall } from './push-http2.ts'
import { readJwt } from './push-jwt.ts'

const BODY_BYTES_MAX = 4096
const TTL_SECONDS_MAX = 2_419_200
const VAPID_SECONDS_MAX = 24 * 3600
const CLOCK_SKEW_SECONDS = 60
const URGENCIES = new Set(['very-low', 'low', 'normal', 'high'])

/** What `PushSubscription.toJSON()` gives a page. */
export type SubscriptionJson = {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

export type WebpushJudgeOptions = {
  /** The application server's key that subscriptions here were made for (base64url). */
  readonly vapidPublicKey: string
  readonly origin: () => string
  readonly now: () => number
}

export type WebpushJudge = {
  readonly judge: (call: PushCall) => PushAnswer
  /** A browser subscribes: it keeps the private key, the page gets the rest. */
  readonly subscribe: () => SubscriptionJson
  /** The browser unsubscribed: 410 from now on. */
  readonly unsubscribe: (endpoint: string) => void
}

type Browser = { readonly receiver: ECDH; readonly authSecret: Buffer; gone: boolean }

/** Answers as a push service would, and opens what it was sent as the browser behind it would. */
export function createWebpushJudge(options: WebpushJudgeOptions): WebpushJudge {
  const browsers = new Map<string, Browser>()
  return {
    subscribe: () => {
      const path = `/push/${randomBytes(16).toString('base64url')}`
      const receiver = createECDH('prime256v1')
      const p256dh = receiver.generateKeys().toString('base64url')
      const authSecret = randomBytes(16)
      browsers.set(path, { receiver, authSecret, gone: false })
      return { endpoint: options.origin() + path, keys: { p256dh, auth: authSecret.toString('base64url') } }
    },
    unsubscribe: (endpoint) => {
      const browser = browsers.get(new URL(endpoint).pathname)
      if (browser !== undefined) browser.gone = true
    },
    judge: (call) => {
      if (call.method !== 'POST') return refuse(405, 'method')
      const browser = browsers.get(call.path)
      if (browser === undefined) return refuse(404, 'no such subscription')
      if (browser.gone) return refuse(410, 'unsubscribed')
      const credential = vapidFault(String(call.headers.authorization ?? ''), options)
      if (credential !== undefined) return refuse(credential === 'missing' ? 401 : 403, `vapid: ${credential}`)
      const header = headerFault(call)
      if (header !== undefined) return refuse(400, header)
      if (call.body.length > BODY_BYTES_MAX) return refuse(413, 'body')
      return show(call, browser, options.origin())
    },
  }
}

function headerFault(call: PushCall): string | undefined {
  const { ttl, urgency, topic } = call.headers
  if (!/^\d{1,9}$/.test(String(ttl ?? '')) || Number(ttl) > TTL_SECONDS_MAX) return 'ttl'
  if (urgency !== undefined && !URGENCIES.has(String(urgency))) return 'urgency'
  if (topic !== undefined && !/^[\w-]{1,32}$/.test(String(topic))) return 'topic'
  if (call.headers['content-encoding'] !== 'aes128gcm') return 'content-encoding'
  return undefined
}

function vapidFault(header: string, options: WebpushJudgeOptions): string | undefined {
  const match = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(header)
  if (match?.[1] === undefined || match[2] === undefined) return 'missing'
  if (match[2] !== options.vapidPublicKey) return 'another key'
  const point = Buffer.from(match[2], 'base64url')
  const x = point.subarray(1, 33).toString('base64url')
  const y = point.subarray(33).toString('base64url')
  const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } })
  const jwt = readJwt(match[1], key, 'ES256')
  if (jwt === undefined) return 'signature'
  const { aud, exp, sub } = jwt.claims
  const now = options.now() / 1000
  if (aud !== options.origin()) return 'aud'
  if (typeof exp !== 'number' || exp < now || exp > now + VAPID_SECONDS_MAX + CLOCK_SKEW_SECONDS) return 'exp'
  if (!/^(mailto:|https:)/.test(String(sub))) return 'sub'
  return undefined
}

function show(call: PushCall, browser: Browser, origin: string): PushAnswer {
  const plaintext = decryptWebpush(call.body, browser.receiver, browser.authSecret)
  // A real push service cannot open it: the browser behind it would show nothing. Here that is an error to be seen.
  if (plaintext === undefined) return refuse(400, 'not decryptable')
  const message = JSON.parse(plaintext.toString()) as Record<string, unknown>
  const { title, body, badge, room, seq } = message
  return {
    status: 201,
    headers: { location: `${origin}/message/${randomBytes(8).toString('hex')}` },
    shown: {
      provider: 'webpush',
      target: origin + call.path,
      title: String(title ?? ''),
      body: String(body ?? ''),
      ...(typeof badge === 'number' ? { badge } : {}),
      ...(typeof room === 'string' ? { room } : {}),
      ...(typeof seq === 'number' ? { seq } : {}),
    },
  }
}

function refuse(status: number, reason: string): PushAnswer {
  return { status, reason, body: reason, headers: { 'content-type': 'text/plain' } }
}
