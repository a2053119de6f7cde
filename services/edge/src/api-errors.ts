import { ERRORS, httpError, type Refusal, refuse } from '@switchboard/contracts/errors'
import type { FastifyReply } from 'fastify'

/** Carries a refusal through the HTTP framework to its one error handler. */
export class RefusalError extends Error {
  override name = 'RefusalError'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  if (refusal.after_ms !== undefined) reply.header('retry-after', String(Math.ceil(refusal.after_ms / 1_000)))
  return reply.code(ERRORS[refusal.code].http).send(httpError(refusal))
}

/** The framework's own errors in our words. Null for what is no fault of the request. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof RefusalError) return error.refusal
  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse('too_large', { field: 'body' })
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return refuse('bad_request', { field: 'content-type', message: 'must be application/json' })
  }
  if (code.startsWith('FST_ERR_CTP') || error instanceof SyntaxError) {
    return refuse('bad_request', { field: 'body', message: 'must be JSON' })
  }
  if (statusCode === 404) return refuse('not_found')
  return statusCode >= 400 && statusCode < 500 ? refuse('bad_request') : null
}
