import type { KeyObject } from 'node:crypto'
import type { PushAnswer, PushCall } from './push-http2.ts'
import { readJwt } from './push-jwt.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const TOKEN_MS_MAX = 60 * 60_000
const TOKEN_CHANGE_MS_MIN = 20 * 60_000
const CLOCK_SKEW_MS = 60_000
const PAYLOAD_BYTES_MAX = 4096
const PUSH_TYPES = new Set(['alert', 'background', 'voip', 'complication', 'fileprovider', 'mdm', 'location'])
// Those that Apple refuses when they come twice.
const SINGLE_HEADERS = new Set([
  'authorization',
  'apns-topic',
  'apns-push-type',
  'apns-priority',
  'apns-expiration',
  'apns-collapse-id',
  'apns-id',
])

export type ApnsJudgeOptions = {
  readonly publicKey: KeyObject
  readonly keyId: string
  readonly teamId: string
  readonly topic: string
  readonly now: () => number
}

export type ApnsJudge = {
  readonly judge: (call: PushCall) => PushAnswer
  /** The app was removed from this device at `atMs`: 410 from now on. */
  readonly unregister: (token: string, atMs: number) => void
  /** Only these tokens exist; without a call every well-formed one does. */
  readonly know: (token: string) => void
}

/** Answers as Apple would: checks all that Apple documents about a request, in the order of its reasons. */
export function createApnsJudge(options: ApnsJudgeOptions): ApnsJudge {
  const gone = new Map<string, number>()
  const known = new Set<string>()
  // Per connection: the time of issue of the newest token, for the rule that it may change only every 20 minutes.
  const newest = new Map<number, number>()

  const provider = (call: PushCall): string | undefined => {
    const [scheme, token] = String(call.headers.authorization ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined) return 'MissingProviderToken'
    const jwt = readJwt(token, options.publicKey, 'ES256')
    if (jwt === undefined || jwt.header.kid !== options.keyId || jwt.claims.iss !== options.teamId) {
      return 'InvalidProviderToken'
    }
    if (typeof jwt.claims.iat !== 'number') return 'InvalidProviderToken'
    const issued = jwt.claims.iat * 1000
    const age = options.now() - issued
    if (age < -CLOCK_SKEW_MS) return 'InvalidProviderToken'
    if (age > TOKEN_MS_MAX) return 'ExpiredProviderToken'
    const before = newest.get(call.session)
    if (before !== undefined && issued > before && issued - before < TOKEN_CHANGE_MS_MIN) {
      return 'TooManyProviderTokenUpdates'
    }
    newest.set(call.session, Math.max(issued, before ?? 0))
    return undefined
  }

  return {
    unregister: (token, atMs) => {
      gone.set(token, atMs)
    },
    know: (token) => {
      known.add(token)
    },
    judge: (call) => {
      if (call.method !== 'POST') return refuse(405, 'MethodNotAllowed')
      const token = /^\/3\/device\/([^/]*)$/.exec(call.path)?.[1]
      if (token === undefined) return refuse(404, 'BadPath')
      const credential = provider(call)
      if (credential !== undefined) return refuse(credential === 'TooManyProviderTokenUpdates' ? 429 : 403, credential)
      const header = headerFault(call, options.topic)
      if (header !== undefined) return refuse(400, header)
      if (token === '') return refuse(400, 'MissingDeviceToken')
      if (!/^[0-9a-f]{64,200}$/i.test(token) || (known.size > 0 && !known.has(token)))
        return refuse(400, 'BadDeviceToken')
      const goneAt = gone.get(token)
      if (goneAt !== undefined) return refuse(410, 'Unregistered', goneAt)
      return judgePayload(call, token)
    },
  }
}

function headerFault(call: PushCall, topic: string): string | undefined {
  const seen = new Set<string>()
  for (let index = 0; index < call.rawHeaders.length; index += 2) {
    const name = call.rawHeaders[index]?.toLowerCase() ?? ''
    if (SINGLE_HEADERS.has(name) && seen.has(name)) return 'DuplicateHeaders'
    seen.add(name)
  }
  const value = (name: string): string | undefined => {
    const found = call.headers[name]
    return found === undefined ? undefined : String(found)
  }
  const type = value('apns-push-type')
  if (type === undefined || !PUSH_TYPES.has(type)) return 'InvalidPushType'
  const sentTopic = value('apns-topic')
  if (sentTopic === undefined) return 'MissingTopic'
  if (sentTopic !== (type === 'voip' ? `${topic}.voip` : topic)) return 'TopicDisallowed'
  const priority = value('apns-priority') ?? '10'
  if (!['1', '5', '10'].includes(priority) || (type === 'background' && priority !== '5')) return 'BadPriority'
  if (!/^\d{1,12}$/.test(value('apns-expiration') ?? '0')) return 'BadExpirationDate'
  if (Buffer.byteLength(value('apns-collapse-id') ?? '') > 64) return 'BadCollapseId'
  if (!UUID.test(value('apns-id') ?? '00000000-0000-0000-0000-000000000000')) return 'BadMessageId'
  return undefined
}

type Aps = {
  readonly alert?: string | { readonly title?: string; readonly body?: string }
  readonly badge?: number
  readonly sound?: unknown
  readonly 'content-available'?: number
}

function judgePayload(call: PushCall, token: string): PushAnswer {
  if (call.body.length === 0) return refuse(400, 'PayloadEmpty')
  const limit = call.headers['apns-push-type'] === 'voip' ? 5120 : PAYLOAD_BYTES_MAX
  if (call.body.length > limit) return refuse(413, 'PayloadTooLarge')
  const payload = parse(call.body)
  const aps = payload?.aps
  if (payload === undefined || aps === undefined) return refuse(400, 'PayloadEmpty')
  if (call.headers['apns-push-type'] === 'background') {
    // Such a push shows nothing; Apple wants to see that it was meant.
    return aps['content-available'] === 1 ? accepted(call, undefined) : refuse(400, 'InvalidPushType')
  }
  const { alert } = aps
  if (alert === undefined && aps.badge === undefined && aps.sound === undefined) return refuse(400, 'InvalidPushType')
  const title = typeof alert === 'string' ? '' : (alert?.title ?? '')
  const body = typeof alert === 'string' ? alert : (alert?.body ?? '')
  return accepted(call, {
    provider: 'apns',
    target: token,
    title,
    body,
    ...(aps.badge === undefined ? {} : { badge: aps.badge }),
    ...(payload.room === undefined ? {} : { room: payload.room }),
    ...(payload.seq === undefined ? {} : { seq: payload.seq }),
  })
}

function accepted(call: PushCall, shown: PushAnswer['shown']): PushAnswer {
  const id = String(call.headers['apns-id'] ?? crypto.randomUUID())
  return { status: 200, headers: { 'apns-id': id }, ...(shown === undefined ? {} : { shown }) }
}

/** An answer of Apple with its JSON body. */
export function refuse(status: number, reason: string, timestampMs?: number): PushAnswer {
  const body = JSON.stringify(timestampMs === undefined ? { reason } : { reason, timestamp: timestampMs })
  return { status, reason, body, headers: { 'content-type': 'application/json' } }
}

function parse(body: Buffer): { aps?: Aps; room?: string; seq?: number } | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
