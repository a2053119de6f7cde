import { backOffMs } from './back-off.ts'
import { exchange, NotStartedError, type Post, type Requester } from './exchange.ts'
import type { Attempt, Verdict } from './outcome.ts'

/** What came back, or why nothing did. */
export type Transmission =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  /** `safe` when the provider provably did not process the request. */
  | { readonly kind: 'lost'; readonly safe: boolean; readonly reason: string }

/** It waited longer than what it says may stay unlooked at. */
export const NOT_STARTED = { kind: 'lost', safe: true, reason: 'NOT_STARTED' } as const

const LOST_BACK_OFF_BASE_MS = 1_000

/** Sends, and says what came of it. */
export async function transmit(requester: Requester, origin: string, post: Post): Promise<Transmission> {
  try {
    const { status, headers, body } = await exchange(requester, origin, post)
    return { kind: 'answer', status, headers: firstValues(headers), body }
  } catch (error) {
    return lossOf(error)
  }
}

// Nothing was sent yet: the name did not resolve, the connection did not open, or its certificate was not good.
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
  'EPRIVATEADDRESS',
])
/** OpenSSL's reasons for not trusting a certificate, as node names them. */
const NOT_TRUSTED = /^(CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)|HOSTNAME_|ERR_TLS_CERT_)/
const HTTP2_REFUSED_STREAM = 7

/** Sorts a failure: provably not processed (sending again is free of harm), or unknown. */
export function lossOf(error: unknown): { kind: 'lost'; safe: boolean; reason: string } {
  const fields = error as { code?: unknown; name?: unknown; http2ErrorCode?: unknown; syscall?: unknown } | null
  if (error instanceof NotStartedError) return NOT_STARTED
  // RFC 9113 §8.7: a refused stream was not processed. The transport has already replayed it once by itself.
  if (fields?.http2ErrorCode === HTTP2_REFUSED_STREAM) return { kind: 'lost', safe: true, reason: 'REFUSED_STREAM' }
  const code = typeof fields?.code === 'string' ? fields.code : undefined
  const notOpened = code !== undefined && (NOT_CONNECTED.has(code) || NOT_TRUSTED.test(code))
  const connecting = fields?.syscall === 'connect' || notOpened
  const name = typeof fields?.name === 'string' ? fields.name : 'Error'
  return { kind: 'lost', safe: connecting, reason: code ?? name }
}

/** A lost exchange is tried again, with back-off because whoever could not answer may not be well. */
export function lostVerdict(lost: { readonly safe: boolean; readonly reason: string }, attempt: Attempt): Verdict {
  const afterMs = backOffMs(LOST_BACK_OFF_BASE_MS, attempt.attempt, attempt.random)
  return { outcome: { kind: 'retry', safe: lost.safe, scope: 'push', afterMs, reason: lost.reason } }
}

function firstValues(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value
    if (first !== undefined) values[name] = first
  }
  return values
}
