import { createHash, timingSafeEqual } from 'node:crypto'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import type { FastifyRequest } from 'fastify'
import type { Caller } from './rpc.ts'
import type { Tokens } from './tokens.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Who sent a request: a person with a token, or a server with a key. A server names whom it speaks for itself. */
export type ApiCaller = (Caller & { readonly isServer: false }) | { readonly isServer: true }

export function createIdentify(tokens: Tokens, apiKeys: readonly string[]) {
  const keys = apiKeys.map(digest)
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
    const identity = await tokens.verify(token)
    if (isRefusal(identity)) return { ...identity, field: 'authorization' }
    return { user: identity.user, roles: identity.roles, isServer: false }
  }
}

export type Identify = ReturnType<typeof createIdentify>
