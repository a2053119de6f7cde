import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { AccountBody, LoginBody, TokenReply } from '@switchboard/contracts/http'
import type { GlobalRole } from '@switchboard/contracts/records'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { addressKey } from './address.ts'
import { administrator } from './api-caller.ts'
import type { Clock } from './clock.ts'
import type { RouteParts } from './from-api.ts'
import { Buckets } from './rate.ts'

/** Attempts of one address to log in, register or visit: an office behind one address must fit. */
const PER_ADDRESS = { perSecond: 5, burst: 300, keysMax: 50_000 }
/** Wrong passwords for one user from one address; past them even the right one has to wait. */
const PER_GUESSER = { perSecond: 0.1, burst: 10, keysMax: 50_000 }
/** The same from everywhere: guessing spread over many addresses stays slow, and a person is rarely kept out by it. */
const PER_USER = { perSecond: 1, burst: 100, keysMax: 50_000 }

/** Of one address, whatever it wants an account or a token for. */
export const addressLimit = (clock: Clock) => {
  const addresses = new Buckets(PER_ADDRESS)
  return (address: string): Refusal | null => waitFor(addresses.take(addressKey(address), clock.steady()))
}

const waitFor = (after_ms: number): Refusal | null =>
  after_ms === 0 ? null : refuse('too_many_requests', { after_ms })

export function accountRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { answer, clock, events, identify, rpc, tokens } = parts
  const limit = parts.limitAddress
  const guessers = new Buckets(PER_GUESSER)
  const guesses = new Buckets(PER_USER)
  const tokenFor = async (user: string, roles: readonly GlobalRole[]) => {
    const issued = await tokens.issue(user, roles)
    return issued ? { ...issued, user } : refuse('not_available', { message: 'Tokens come from another issuer here.' })
  }

  app.post('/v1/accounts', {
    schema: { summary: 'Registers an account', body: AccountBody, tags: ['accounts'] },
    handler: answer(async (request, reply) => {
      const tooMany = limit(request.ip)
      if (tooMany) return tooMany
      const body = request.body as Static<typeof AccountBody>
      if (body.roles) {
        const caller = await administrator(identify, request)
        if (isRefusal(caller)) return { ...caller, field: caller.field ?? 'roles' }
      }
      const created = await rpc.storage('account.create', body)
      if (isRefusal(created)) return created
      reply.code(201)
      return { user: created.user }
    }),
  })
  app.post('/v1/login', {
    schema: { summary: 'A token for a password', body: LoginBody, response: { 200: TokenReply }, tags: ['accounts'] },
    handler: answer(async (request) => {
      const body = request.body as Static<typeof LoginBody>
      const guesser = `${body.user} ${addressKey(request.ip)}`
      const now = clock.steady()
      const tooMany = limit(request.ip) ?? waitFor(guessers.wait(guesser, now) || guesses.wait(body.user, now))
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
}
