import { createHash, timingSafeEqual } from 'node:crypto'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { SYSTEM } from '@switchboard/contracts/ids'
import { TRACE_HEADER } from '@switchboard/contracts/traces'
import type { FastifyRequest } from 'fastify'
import type { Clock } from './clock.ts'
import { Buckets } from './rate.ts'
import type { Caller } from './rpc.ts'
import type { Tokens } from './tokens.ts'

/** What a client says of its own trace. */
export function traceIn({ headers }: FastifyRequest): string | undefined {
  const trace = headers[TRACE_HEADER]
  return typeof trace === 'string' ? trace : undefined
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Who sent a request: a person with a token, or a server with a key. A server names whom it speaks for itself. */
export type ApiCaller = (Caller & { readonly isServer: false }) | { readonly isServer: true }

/** Requests of one person: a client that scrolls through history needs a few a second. */
const PER_USER = { perSecond: 20, burst: 500, keysMax: 50_000 }

export function createIdentify(parts: { tokens: Tokens; apiKeys: readonly string[]; clock: Clock }) {
  const keys = parts.apiKeys.map(digest)
  const users = new Buckets(PER_USER)
  return async (request: FastifyRequest): Promise<ApiCaller | Refusal> => {
    const key = request.headers['x-api-key']
    if (typeof key === 'string') {
      const given = digest(key)
      return keys.some((each) => timingSafeEqual(each, given))
        ? { isServer: true }
        : refuse('unauthorized', { field: 'x-api-key', message: 'is not a key of this installation' })
    }
    const token = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined) return refuse('unauthorized', { field: 'authorization' })
    const identity = await parts.tokens.verify(token)
    if (isRefusal(identity)) return { ...identity, field: 'authorization' }
    const after_ms = users.take(identity.user, parts.clock.steady())
    if (after_ms > 0) return refuse('too_many_requests', { after_ms })
    const { user, roles, name } = identity
    return { user, roles, ...(name === undefined ? {} : { name }), isServer: false }
  }
}

export type Identify = ReturnType<typeof createIdentify>

/** Whoever runs the installation: a server with a key, or a person with the role. */
export async function administrator(identify: Identify, request: FastifyRequest): Promise<Caller | Refusal> {
  const caller = await identify(request)
  if (isRefusal(caller)) return caller
  if (caller.isServer) return { user: SYSTEM, roles: ['api'] }
  return caller.roles.includes('admin') ? caller : refuse('permission_denied')
}
