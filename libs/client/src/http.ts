import type { TokenReply } from '@switchboard/contracts/http'
import { fromHttp, SwitchboardError } from './failure.ts'

const ANSWER_MS_MAX = 30_000

export interface Account {
  readonly user: string
  readonly password: string
  /** What others see; the user id if left out. */
  readonly name?: string
}

interface Request {
  readonly method: string
  readonly body?: object
  readonly token?: string
}

/**
 * One call of the HTTP API.
 * @throws SwitchboardError the refusal, or `disconnected` when no answer came.
 */
export async function call<Answer>(baseUrl: string, path: string, request: Request): Promise<Answer> {
  const response = await fetch(new URL(path, baseUrl), {
    method: request.method,
    headers: {
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }).catch((cause: unknown) => {
    throw new SwitchboardError({ code: 'disconnected', message: `No answer: ${String(cause)}`, retry: true })
  })
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null)
  if (!response.ok) throw fromHttp(response.status, body)
  return body as Answer
}

/** @returns a token, when it ends (milliseconds since the epoch) and the user's id. @throws SwitchboardError `bad_credentials` and others. */
export const login = (baseUrl: string, user: string, password: string): Promise<TokenReply> =>
  call(baseUrl, '/v1/login', { method: 'POST', body: { user, password } })

/** @throws SwitchboardError `user_taken`, `bad_request` with its field, and others. */
export const createAccount = (baseUrl: string, account: Account): Promise<{ user: string }> =>
  call(baseUrl, '/v1/accounts', { method: 'POST', body: account })

export interface Visitor {
  readonly desk: string
  /** What agents see. */
  readonly name?: string
  /** The token of an earlier visit: the same person again. */
  readonly identity?: string
}

/** A token for somebody without an account. @throws SwitchboardError */
export const visit = (baseUrl: string, visitor: Visitor): Promise<TokenReply> =>
  call(baseUrl, '/v1/visitors', { method: 'POST', body: visitor })
