import type { FcmDevice, PushRequest } from './outcome.ts'
import { collapseId } from './push-id.ts'
import { fitText, plainLine } from './push-text.ts'
import { webpushPlaintextBytesMax } from './webpush-encrypt.ts'

const APNS_BYTES_MAX = 4096
const FCM_BYTES_MAX = 4096
/** Firebase's own limit, 28 days; Apple keeps 30 and browsers vary. */
const TTL_SECONDS_MAX = 2_419_200
const TITLE_BYTES_MAX = 256
/** What is shown when the provider finds even the shortened text too long. */
const ID_ONLY_TITLE = 'New message'

/** `full` carries the text; `id-only` only says that there is something, and where. */
export type PayloadSize = 'full' | 'id-only'

/** Seconds that the provider should keep trying, from the moment of sending. */
export function ttlSeconds(expiresAt: number, nowMs: number): number {
  return Math.min(TTL_SECONDS_MAX, Math.max(0, Math.floor((expiresAt - nowMs) / 1000)))
}

/** The JSON body for APNs, at most 4096 bytes. */
export function apnsPayload(push: PushRequest, size: PayloadSize): string {
  return fitted({ push, size, bytesMax: APNS_BYTES_MAX }, (title, body) => ({
    aps: {
      alert: { title, body },
      sound: 'default',
      'thread-id': push.room,
      'mutable-content': 1,
      ...badgeOf(push, 'badge'),
    },
    room: push.room,
    seq: push.seq,
  }))
}

/** The JSON body for FCM v1 `messages:send`, at most 4096 bytes. */
export function fcmPayload(push: PushRequest<FcmDevice>, size: PayloadSize, nowMs: number): string {
  const collapse = collapseId(push.room)
  return fitted({ push, size, bytesMax: FCM_BYTES_MAX }, (title, body) => ({
    message: {
      ...push.device.target,
      notification: { title, body },
      data: { room: push.room, seq: String(push.seq), event: push.event },
      android: {
        priority: 'HIGH',
        ttl: `${ttlSeconds(push.expiresAt, nowMs)}s`,
        collapse_key: collapse,
        notification: { tag: collapse, ...badgeOf(push, 'notification_count') },
      },
      apns: {
        headers: { 'apns-collapse-id': collapse, 'apns-priority': '10' },
        payload: { aps: { sound: 'default', 'thread-id': push.room, ...badgeOf(push, 'badge') } },
      },
    },
  }))
}

/** The JSON that the service worker reads, short enough to be encrypted into 4096 bytes. */
export function webpushPayload(push: PushRequest, size: PayloadSize): string {
  return fitted({ push, size, bytesMax: webpushPlaintextBytesMax }, (title, body) => ({
    title,
    body,
    tag: collapseId(push.room),
    room: push.room,
    seq: push.seq,
    ...badgeOf(push, 'badge'),
  }))
}

type Build = (title: string, body: string) => object

type Fit = { readonly push: PushRequest; readonly size: PayloadSize; readonly bytesMax: number }

function fitted({ push, size, bytesMax }: Fit, build: Build): string {
  if (size === 'id-only') return JSON.stringify(build(ID_ONLY_TITLE, ''))
  const title = fitText(plainLine(push.title), TITLE_BYTES_MAX, (text) => Buffer.byteLength(text))
  const body = fitText(plainLine(push.body), bytesMax, (text) => Buffer.byteLength(JSON.stringify(build(title, text))))
  return JSON.stringify(build(title, body))
}

function badgeOf(push: PushRequest, name: string): Record<string, number> {
  return push.badge === undefined ? {} : { [name]: push.badge }
}
