import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { AccountBody, LoginBody, TokenReply, VisitorBody } from '@switchboard/contracts/http'
import type { GlobalRole } from '@switchboard/contracts/records'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { RouteParts } from './from-api.ts'
import { Buckets } from './rate.ts'

/** Attempts of one address to log in, register or visit: an office behind one address must fit. */
const PER_ADDRESS = { perSecond: 5, burst: 300, keysMax: 50_000 }
/** Wrong passwords for one user from one address; past them even the right one has to wait. */
const PER_GUESSER = { perSecond: 0.1, burst: 10, keysMax: 50_000 }
/** The same from everywhere: guessing spread over many addresses stays slow, and a person is rarely kept out by it. */
const PER_USER = { perSecond: 1, burst: 100, keysMax: 50_000 }
/** A visitor who returns within so long is the same person. */
const VISITOR_MS_MAX = 30 * 86_400_000

export function accountRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { answer, clock, events, newId, rpc, tokens } = parts
  const addresses = new Buckets(PER_ADDRESS)
  const guessers = new Buckets(PER_GUESSER)
  const guesses = new Buckets(PER_USER)
  const wait = (after_ms: number): Refusal | null => (after_ms === 0 ? null : refuse('too_many_requests', { after_ms }))
  const limit = (address: string) => wait(addresses.take(address, clock.now()))
  const tokenFor = async (user: string, roles: readonly GlobalRole[]) => {
    const issued = await tokens.issue(user, roles)
    return issued ? { ...issued, user } : refuse('not_available', { message: 'Tokens come from another issuer here.' })
  }

  app.post('/v1/accounts', {
    schema: { summary: 'Registers an account', body: AccountBody, tags: ['accounts'] },
    handler: answer(async (request, reply) => {
      const tooMany = limit(request.ip)
      if (tooMany) return tooMany
      const created = await rpc.storage('account.create', request.body as Static<typeof AccountBody>)
      if (isRefusal(created)) return created
      reply.code(201)
      return { user: created.user }
    }),
  })
  app.post('/v1/login', {
    schema: { summary: 'A token for a password', body: LoginBody, response: { 200: TokenReply }, tags: ['accounts'] },
    handler: answer(async (request) => {
      const body = request.body as Static<typeof LoginBody>
      const guesser = `${body.user} ${request.ip}`
      const now = clock.now()
      const tooMany = limit(request.ip) ?? wait(guessers.wait(guesser, now) || guesses.wait(body.user, now))
      if (tooMany) return tooMany
      const account = await rpc.storage('account.login', body)
      if (!isRefusal(account)) return tokenFor(account.user, account.roles)
      if (account.code !== 'bad_credentials') return account
      events.loginRefused(body.user, request.ip)
      guessers.take(guesser, now)
      guesses.take(body.user, now)
      return account
    }),
  })
  app.post('/v1/visitors', {
    schema: {
      summary: 'A token for a visitor of a desk',
      body: VisitorBody,
      response: { 200: TokenReply },
      tags: ['accounts'],
    },
    handler: answer(async (request) => {
      const tooMany = limit(request.ip)
      if (tooMany) return tooMany
      const { identity } = request.body as Static<typeof VisitorBody>
      const known = identity === undefined ? null : await tokens.verify(identity, { evenExpired: true })
      if (isRefusal(known)) return { ...known, field: 'identity' }
      const isSame = known?.roles.includes('visitor') && clock.now() - known.expiresAt < VISITOR_MS_MAX
      return tokenFor(known && isSame ? known.user : `v-${newId()}`, ['visitor'])
    }),
  })
}
