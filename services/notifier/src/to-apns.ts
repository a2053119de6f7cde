/**
 * channel    apns (HTTP/2 to Apple)
 * comes      pushes for devices of Apple
 * goes       POST /3/device/<token>, authenticated by an ES256 token
 * guarantee  one attempt, at most one more at once where the answer names a remedy; the outcome says what is known
 * order      none; a newer push of the same room replaces the older one on the screen
 * acked      by Apple's 200, which means accepted, not shown
 */
import { Pool } from 'undici'
import { apnsVerdict } from './apns-outcome.ts'
import { retryAfterMs } from './back-off.ts'
import type { ApnsDevice, Outcome, PushRequest, PushSender, Remedy, Verdict } from './outcome.ts'
import { createProviderToken } from './provider-token.ts'
import { collapseId, pushId } from './push-id.ts'
import { apnsPayload, type PayloadSize } from './push-payload.ts'
import { type Renewable, renewable } from './renewable.ts'
import { lostVerdict, transmit } from './transmit.ts'
import { deadlinesOf, transportOptions } from './transport-options.ts'

const RENEW_INTERVAL_MS = 60_000

export type ApnsOptions = {
  /** Origin of Apple's service, or of a stand-in. */
  readonly url: string
  /** Of Apple's sandbox, where apps that are built for tests register; absent where they are not served. */
  readonly sandboxUrl?: string
  /** PEM of the .p8 key. */
  readonly key: string
  readonly keyId: string
  readonly teamId: string
  readonly topic: string
  readonly ca: readonly string[]
  readonly now: () => number
  readonly random: () => number
  readonly headersMsMax?: number
}

/** Sends to Apple. One connection pool per environment, one token for both. */
export function toApns(options: ApnsOptions): PushSender<ApnsDevice> {
  const open = (url: string): Renewable<Pool> =>
    renewable({
      open: () => new Pool(url, transportOptions(options)),
      now: options.now,
      intervalMs: RENEW_INTERVAL_MS,
    })
  const token = createProviderToken(options)
  const production: Environment = { url: options.url, pools: open(options.url) }
  const { sandboxUrl } = options
  const sandbox: Environment | undefined =
    sandboxUrl === undefined ? undefined : { url: sandboxUrl, pools: open(sandboxUrl) }

  const once = async (push: PushRequest<ApnsDevice>, environment: Environment, size: PayloadSize): Promise<Verdict> => {
    const attempt = { attempt: push.attempt, random: options.random(), startedAtMs: options.now() }
    const answer = await transmit(environment.pools.current(), environment.url, {
      path: `/3/device/${push.device.target.token}`,
      headers: apnsHeaders(push, options.topic, token.current()),
      body: apnsPayload(push, size),
      ...deadlinesOf('push'),
    })
    if (answer.kind === 'lost') return lostVerdict(answer, attempt)
    const after = retryAfterMs(answer.headers['retry-after'], options.now())
    const id = answer.headers['apns-id']
    return apnsVerdict(
      {
        status: answer.status,
        ...readFault(answer.body),
        ...(after === undefined ? {} : { retryAfterMs: after }),
        ...(id === undefined ? {} : { apnsId: id }),
      },
      attempt,
    )
  }

  /** What the remedy changes for one more try, or undefined when there is nothing to try again with. */
  const apply = (remedy: Remedy, push: PushRequest<ApnsDevice>, at: Environment): Again | undefined => {
    if (remedy === 'mint-token') return token.renew() ? { environment: at, size: 'full' } : undefined
    if (remedy === 'shrink') return { environment: at, size: 'id-only' }
    if (remedy === 'other-environment') {
      const known = push.device.target.environment !== undefined
      return known || sandbox === undefined ? undefined : { environment: sandbox, size: 'full' }
    }
    if (remedy === 'hold-token') token.hold()
    if (remedy === 'new-connection') at.pools.renew()
    return undefined
  }

  return {
    send: async (push): Promise<Outcome> => {
      const named = push.device.target.environment
      const environment = named === 'sandbox' && sandbox !== undefined ? sandbox : production
      const verdict = await once(push, environment, 'full')
      if (verdict.remedy === undefined) return verdict.outcome
      const again = apply(verdict.remedy, push, environment)
      if (again === undefined) return verdict.outcome
      return (await once(push, again.environment, again.size)).outcome
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([production, sandbox].map((environment) => environment?.pools[Symbol.asyncDispose]()))
    },
  }
}

type Environment = { readonly url: string; readonly pools: Renewable<Pool> }
type Again = { readonly environment: Environment; readonly size: PayloadSize }

function apnsHeaders(push: PushRequest<ApnsDevice>, topic: string, token: string): Record<string, string> {
  return {
    authorization: `bearer ${token}`,
    'content-type': 'application/json',
    'apns-topic': topic,
    'apns-push-type': 'alert',
    'apns-priority': '10',
    'apns-expiration': String(Math.floor(push.expiresAt / 1000)),
    'apns-collapse-id': collapseId(push.room),
    'apns-id': pushId(push.event, push.device.id),
  }
}

function readFault(body: string): { reason: string; timestampMs?: number } {
  // Nearly every answer: what fails to parse costs a stack trace.
  if (body === '') return { reason: '' }
  try {
    const value = JSON.parse(body) as { reason?: unknown; timestamp?: unknown } | null
    const reason = typeof value?.reason === 'string' ? value.reason : ''
    return typeof value?.timestamp === 'number' ? { reason, timestampMs: value.timestamp } : { reason }
  } catch {
    // A proxy's error page is not JSON: the status decides.
    return { reason: '' }
  }
}
