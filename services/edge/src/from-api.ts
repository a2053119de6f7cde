/**
 * channel    api (HTTP)
 * comes      log-in, lists, history, search, devices and messages, from clients and servers
 * goes       the router as commands, storage as questions
 * guarantee  answered once
 * order      none
 * acked      by the response
 */
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { accountRoutes } from './api-accounts.ts'
import { createIdentify, type Identify } from './api-caller.ts'
import { deviceRoutes } from './api-devices.ts'
import { DOCS_PAGE, OPENAPI } from './api-docs.ts'
import { refusalOf, sendRefusal } from './api-errors.ts'
import { roomRoutes } from './api-rooms.ts'
import { useContractSchemas } from './api-validate.ts'
import { isPageAddress, pageHeaders } from './api-web.ts'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { Rpc } from './rpc.ts'
import type { Tokens } from './tokens.ts'

export interface ApiParts {
  readonly clock: Clock
  readonly events: EdgeEvents
  readonly tokens: Tokens
  readonly rpc: Rpc
  readonly newId: () => string
  readonly apiKeys: readonly string[]
  readonly webDir: string
  readonly proxyHops: number
}

/** A route's answer: a body, or a refusal that becomes the one shape of HTTP errors. */
export type Answer = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown | Refusal>

export interface RouteParts extends ApiParts {
  readonly identify: Identify
  /** Wraps what a route does so that refusals are sent as such. */
  readonly answer: (answer: Answer) => (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
}

/** A request must be read within so long, head and body: slow ones hold a socket for nothing. */
const HEAD_MS = 5_000
const REQUEST_MS = 10_000
const HEAD_BYTES = 16_384

export async function fromApi(parts: ApiParts): Promise<FastifyInstance> {
  const { events, proxyHops, tokens } = parts
  const app = fastify({
    logger: false,
    bodyLimit: MAX.connectFrameBytes,
    trustProxy: (_address, hop) => hop < proxyHops,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: true,
    http: { headersTimeout: HEAD_MS, maxHeaderSize: HEAD_BYTES },
  })
  useContractSchemas(app)
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error)
    if (refusal === null) events.apiFailed(request.routeOptions.url ?? request.url, error)
    events.command('api', refusal?.code ?? 'internal')
    return sendRefusal(reply, refusal ?? refuse('internal'))
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'same-origin')
  })
  const routes: RouteParts = {
    ...parts,
    identify: createIdentify(parts),
    answer: (answer) => async (request, reply) => {
      const body = await answer(request, reply)
      events.command('api', isRefusal(body) ? body.code : 'done')
      return isRefusal(body) ? sendRefusal(reply, body) : body
    },
  }
  await app.register(swagger, OPENAPI)
  await app.register(swaggerUi, DOCS_PAGE)
  accountRoutes(app, routes)
  roomRoutes(app, routes)
  deviceRoutes(app, routes)
  app.get(
    '/.well-known/jwks.json',
    { schema: { summary: 'The keys that sign our tokens' } },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300')
      return tokens.jwks
    },
  )
  await webPage(app, parts.webDir)
  return app
}

/** The single-page application, if there is one. */
async function webPage(app: FastifyInstance, dir: string): Promise<void> {
  const root = resolve(dir)
  const hasPage = dir !== '' && (await stat(join(root, 'index.html')).catch(() => null)) !== null
  if (hasPage) {
    await app.register(fastifyStatic, {
      root,
      cacheControl: false,
      setHeaders: (reply, path) => {
        for (const [name, value] of Object.entries(pageHeaders(path))) reply.header(name, value)
      },
    })
  }
  app.setNotFoundHandler((request, reply) => {
    if (hasPage && isPageAddress(request)) return reply.sendFile('index.html')
    return sendRefusal(reply, refuse('not_found', { message: 'There is nothing at this address.' }))
  })
}
