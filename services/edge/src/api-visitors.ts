import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { DeskParams, SecretReply, TokenReply, VisitorBody } from '@switchboard/contracts/http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { administrator } from './api-caller.ts'
import type { RouteParts } from './from-api.ts'
import { isSigned, verifiedUser } from './visitor-signature.ts'

/** A visitor who returns within so long is the same person. */
const VISITOR_MS_MAX = 30 * 86_400_000

interface Visitor {
  readonly user: string
  readonly name?: string
  readonly verified?: { user: string; email?: string }
}

/** Who visits: whom the customer's own server names, who was here before, or somebody new. */
async function visitorOf({ clock, newId, tokens }: RouteParts, body: VisitorBody): Promise<Visitor | Refusal> {
  const { desk, identity, name, verified } = body
  if (verified) {
    const secret = tokens.deskSecret(desk)
    if (secret === null) return refuse('not_available', { message: 'Tokens come from another issuer here.' })
    if (!isSigned(verified, { secret, desk, nowMs: clock.now() }))
      return refuse('unauthorized', { field: 'verified.signature', message: 'is not of this desk, or too old' })
    const called = verified.name ?? name
    const { user, email } = verified
    return {
      user: verifiedUser(desk, user),
      ...(called === undefined ? {} : { name: called }),
      verified: { user, ...(email === undefined ? {} : { email }) },
    }
  }
  const known = identity === undefined ? null : await tokens.verify(identity, { evenExpired: true })
  if (isRefusal(known)) return { ...known, field: 'identity' }
  const isSame = known?.roles.includes('visitor') && clock.now() - known.expiresAt < VISITOR_MS_MAX
  const called = name ?? (isSame ? known?.name : undefined)
  return { user: known && isSame ? known.user : `v-${newId()}`, ...(called === undefined ? {} : { name: called }) }
}

/** Visitors of desks, and what their own servers sign them with. */
export function visitorRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { answer, identify, limitAddress, rpc, tokens } = parts
  app.post('/v1/visitors', {
    schema: {
      summary: 'A token for a visitor of a desk',
      body: VisitorBody,
      response: { 200: TokenReply },
      tags: ['accounts'],
    },
    handler: answer(async (request) => {
      const tooMany = limitAddress(request.ip)
      if (tooMany) return tooMany
      const visitor = await visitorOf(parts, request.body as VisitorBody)
      if (isRefusal(visitor)) return visitor
      const issued = await tokens.issue(visitor.user, ['visitor'], visitor.name)
      if (!issued) return refuse('not_available', { message: 'Tokens come from another issuer here.' })
      // A name is worth a write; without one there is nothing that anybody could be told.
      if (visitor.name !== undefined || visitor.verified) {
        const kept = await rpc.storage('visitor.put', visitor)
        if (isRefusal(kept)) return kept
      }
      return { ...issued, user: visitor.user }
    }),
  })
  app.get('/v1/desks/:desk/secret', {
    schema: {
      summary: 'With which the customer’s own server signs who a visitor is (administrators)',
      params: DeskParams,
      response: { 200: SecretReply },
      tags: ['desks'],
      security: [{ token: [] }, { key: [] }],
    },
    handler: answer(async (request: FastifyRequest) => {
      const caller = await administrator(identify, request)
      if (isRefusal(caller)) return caller
      const { desk } = request.params as Static<typeof DeskParams>
      const secret = tokens.deskSecret(desk)
      return secret === null ? refuse('not_available') : { desk, secret }
    }),
  })
}
