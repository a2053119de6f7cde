/**
 * channel    fcm (HTTP/2 to Firebase Cloud Messaging v1)
 * comes      pushes for devices that registered with Firebase
 * goes       POST /v1/projects/<project>/messages:send, one message a request, with an OAuth2 bearer
 * guarantee  one attempt, at most one more at once with a fresh bearer; the outcome says what is known
 * order      none; a newer push of the same room replaces the older one on the screen
 * acked      by Firebase's 200, which means accepted, not shown
 */
import { Pool } from 'undici'
import { retryAfterMs } from './back-off.ts'
import { createFcmAccess, type Exchange, type ServiceAccount } from './fcm-access.ts'
import { fcmVerdict } from './fcm-outcome.ts'
import type { Attempt, FcmDevice, Outcome, PushRequest, PushSender, Verdict } from './outcome.ts'
import { fcmPayload } from './push-payload.ts'
import { lostVerdict, NOT_STARTED, transmit } from './transmit.ts'
import { deadlinesOf, pushStartMsMax, transportOptions } from './transport-options.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const REFUSED_PAUSE_MS = 10_000

export type FcmOptions = {
  /** Origin of Firebase, or of a stand-in. */
  readonly url: string
  /** Its `token_uri` says where bearers come from. */
  readonly account: ServiceAccount
  readonly ca: readonly string[]
  readonly now: () => number
  readonly random: () => number
  readonly headersMsMax?: number
}

/** Sends to Firebase. */
export function toFcm(options: FcmOptions): PushSender<FcmDevice> {
  const { account, now } = options
  const pool = new Pool(options.url, transportOptions(options))
  const tokenUrl = new URL(account.token_uri)
  const tokenPool = new Pool(tokenUrl.origin, transportOptions(options))
  const path = `/v1/projects/${encodeURIComponent(account.project_id)}/messages:send`

  const access = createFcmAccess({
    account,
    now,
    exchange: async (assertion) => {
      const answer = await transmit(tokenPool, tokenUrl.origin, {
        path: tokenUrl.pathname + tokenUrl.search,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: GRANT, assertion }).toString(),
        ...deadlinesOf('plain'),
      })
      return answer.kind === 'lost'
        ? { kind: 'unavailable', reason: answer.reason, afterMs: REFUSED_PAUSE_MS }
        : readExchange(answer.status, answer.body)
    },
  })

  const post = async (push: PushRequest<FcmDevice>, bearer: string, attempt: Attempt): Promise<Verdict> => {
    const answer = await transmit(pool, options.url, {
      path,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: fcmPayload(push, 'full', now()),
      ...deadlinesOf('push'),
    })
    if (answer.kind === 'lost') return lostVerdict(answer, attempt)
    const after = retryAfterMs(answer.headers['retry-after'], now())
    return fcmVerdict(
      { status: answer.status, body: answer.body, ...(after === undefined ? {} : { retryAfterMs: after }) },
      attempt,
    )
  }

  const once = async (push: PushRequest<FcmDevice>): Promise<Verdict> => {
    const attempt = { attempt: push.attempt, random: options.random(), startedAtMs: now() }
    const bearer = await access.bearer()
    if (bearer.kind !== 'granted') return { outcome: withoutBearer(bearer) }
    if (now() - attempt.startedAtMs > pushStartMsMax) return lostVerdict(NOT_STARTED, attempt)
    const verdict = await post(push, bearer.token, attempt)
    if (verdict.remedy === 'refresh-access') access.reject(bearer.token)
    return verdict
  }

  return {
    send: async (push): Promise<Outcome> => {
      const verdict = await once(push)
      return verdict.remedy === 'refresh-access' ? (await once(push)).outcome : verdict.outcome
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([pool.close(), tokenPool.close()])
    },
  }
}

function withoutBearer(answer: Exclude<Exchange, { kind: 'granted' }>): Outcome {
  if (answer.kind === 'refused') return { kind: 'credential', reason: answer.reason }
  return { kind: 'retry', safe: true, scope: 'provider', afterMs: answer.afterMs, reason: answer.reason }
}

function readExchange(status: number, body: string): Exchange {
  const value = parse(body)
  if (status === 200 && typeof value?.access_token === 'string') {
    const seconds = typeof value.expires_in === 'number' ? value.expires_in : 0
    return { kind: 'granted', token: value.access_token, expiresInMs: seconds * 1000 }
  }
  const reason = typeof value?.error === 'string' ? value.error : `token status ${status}`
  if (status === 429 || status >= 500) return { kind: 'unavailable', reason, afterMs: REFUSED_PAUSE_MS }
  return { kind: 'refused', reason }
}

function parse(body: string): { access_token?: unknown; expires_in?: unknown; error?: unknown } | null {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
