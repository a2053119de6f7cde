import { type KeyObject, randomBytes } from 'node:crypto'
import type { PushAnswer, PushCall } from './push-http2.ts'
import { readJwt } from './push-jwt.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const BEARER_SECONDS = 3599
const CLOCK_SKEW_SECONDS = 60
const MESSAGE_BYTES_MAX = 4096
const TTL_SECONDS_MAX = 2_419_200
const FAULT_TYPE = 'type.googleapis.com/google.firebase.fcm.v1.FcmError'
const VIOLATION_TYPE = 'type.googleapis.com/google.rpc.BadRequest'

export type FcmJudgeOptions = {
  readonly publicKey: KeyObject
  readonly keyId: string
  readonly clientEmail: string
  readonly project: string
  /** Path and full addresses of the OAuth2 endpoint; one of the second is what `aud` must say. */
  readonly tokenPath: string
  readonly tokenUris: () => readonly string[]
  readonly now: () => number
}

export type FcmJudge = {
  readonly judge: (call: PushCall) => PushAnswer
  /** The app is gone from this device: 404 UNREGISTERED from now on. */
  readonly unregister: (target: string) => void
  /** Every bearer given out so far is refused from now on. */
  readonly revoke: () => void
  /** Bearers given out so far. */
  readonly bearers: () => number
}

/** Answers as Google would: the OAuth2 exchange and FCM v1 `messages:send`. */
export function createFcmJudge(options: FcmJudgeOptions): FcmJudge {
  const gone = new Set<string>()
  const bearers = new Map<string, number>()
  let given = 0

  const exchange = (call: PushCall): PushAnswer => {
    const form = new URLSearchParams(call.body.toString())
    const fault = assertionFault(form, options)
    if (fault !== undefined) return json(400, { error: 'invalid_grant', error_description: fault }, 'invalid_grant')
    const token = `ya29.${randomBytes(24).toString('base64url')}`
    bearers.set(token, options.now() + BEARER_SECONDS * 1000)
    given += 1
    return json(200, { access_token: token, expires_in: BEARER_SECONDS, token_type: 'Bearer' })
  }

  return {
    unregister: (target) => {
      gone.add(target)
    },
    revoke: () => {
      bearers.clear()
    },
    bearers: () => given,
    judge: (call) => {
      if (call.method !== 'POST') return fcmFault(404, 'NOT_FOUND')
      if (call.path === options.tokenPath) return exchange(call)
      if (call.path !== `/v1/projects/${options.project}/messages:send`) return fcmFault(404, 'NOT_FOUND')
      const [scheme, token] = String(call.headers.authorization ?? '').split(' ')
      const validUntil = scheme === 'Bearer' && token !== undefined ? bearers.get(token) : undefined
      if (validUntil === undefined || options.now() >= validUntil) return fcmFault(401, 'UNAUTHENTICATED')
      return judgeMessage(call.body, options.project, gone)
    },
  }
}

function assertionFault(form: URLSearchParams, options: FcmJudgeOptions): string | undefined {
  if (form.get('grant_type') !== GRANT) return 'grant_type'
  const jwt = readJwt(form.get('assertion') ?? '', options.publicKey, 'RS256')
  if (jwt === undefined) return 'signature'
  const { claims, header } = jwt
  if (header.kid !== options.keyId) return 'kid'
  if (claims.iss !== options.clientEmail) return 'iss'
  if (!options.tokenUris().includes(String(claims.aud))) return 'aud'
  if (!String(claims.scope).split(' ').includes(SCOPE)) return 'scope'
  const now = options.now() / 1000
  const { iat, exp } = claims
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'iat, exp'
  if (exp - iat > 3600 || iat > now + CLOCK_SKEW_SECONDS || exp < now - CLOCK_SKEW_SECONDS) return 'iat, exp'
  return undefined
}

type Message = {
  readonly token?: unknown
  readonly fid?: unknown
  readonly topic?: unknown
  readonly condition?: unknown
  readonly notification?: { readonly title?: unknown; readonly body?: unknown }
  readonly data?: Readonly<Record<string, unknown>>
  readonly android?: {
    readonly priority?: unknown
    readonly ttl?: unknown
    readonly notification?: { readonly notification_count?: unknown }
  }
}

function judgeMessage(body: Buffer, project: string, gone: ReadonlySet<string>): PushAnswer {
  const message = parse(body)?.message
  if (message === undefined) return fcmFault(400, 'INVALID_ARGUMENT', 'message')
  const { token, fid, topic, condition, ...payload } = message
  const targets = [token, fid, topic, condition].filter((target) => target !== undefined)
  const [target] = targets
  if (targets.length !== 1 || typeof target !== 'string') return fcmFault(400, 'INVALID_ARGUMENT', 'message.target')
  if (token !== undefined && !/^[\w:-]{8,4096}$/.test(target)) {
    return fcmFault(400, 'INVALID_ARGUMENT', 'message.token')
  }
  const bad = payloadFault(payload)
  if (bad !== undefined) return fcmFault(400, 'INVALID_ARGUMENT', bad)
  if (gone.has(target)) return fcmFault(404, 'UNREGISTERED')
  const count = message.android?.notification?.notification_count
  const seq = message.data?.seq
  const room = message.data?.room
  return {
    ...json(200, { name: `projects/${project}/messages/${randomBytes(8).toString('hex')}` }),
    shown: {
      provider: 'fcm',
      target,
      title: String(message.notification?.title ?? ''),
      body: String(message.notification?.body ?? ''),
      ...(typeof count === 'number' ? { badge: count } : {}),
      ...(typeof room === 'string' ? { room } : {}),
      ...(typeof seq === 'string' ? { seq: Number(seq) } : {}),
    },
  }
}

function payloadFault(payload: Omit<Message, 'token' | 'fid' | 'topic' | 'condition'>): string | undefined {
  const { notification, data, android } = payload
  if (Buffer.byteLength(JSON.stringify(payload)) > MESSAGE_BYTES_MAX) return 'message'
  if (Object.values(data ?? {}).some((value) => typeof value !== 'string')) return 'message.data'
  const texts = [notification?.title, notification?.body]
  if (texts.some((text) => text !== undefined && typeof text !== 'string')) return 'message.notification'
  if (android?.priority !== undefined && !['NORMAL', 'HIGH'].includes(String(android.priority))) {
    return 'message.android.priority'
  }
  const ttl = android?.ttl === undefined ? '0s' : String(android.ttl)
  const seconds = /^(\d+)(\.\d{1,9})?s$/.exec(ttl)?.[1]
  if (seconds === undefined || Number(seconds) > TTL_SECONDS_MAX) return 'message.android.ttl'
  return undefined
}

/** An answer of Firebase with its nested error. */
export function fcmFault(status: number, code: string, field?: string): PushAnswer {
  const details: object[] = [{ '@type': FAULT_TYPE, errorCode: code }]
  if (field !== undefined)
    details.push({ '@type': VIOLATION_TYPE, fieldViolations: [{ field, description: 'invalid' }] })
  return json(status, { error: { code: status, message: `refused: ${code}`, status: code, details } }, code)
}

function json(status: number, value: object, reason?: string): PushAnswer {
  const answer = { status, body: JSON.stringify(value), headers: { 'content-type': 'application/json' } }
  return reason === undefined ? answer : { ...answer, reason }
}

function parse(body: Buffer): { message?: Message } | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
