/**
 * channel    api (HTTP)
 * comes      log-in, lists, history, search, devices and messages, from clients and servers
 * goes       the router as commands, storage as questions
 * guarantee  answered once
 * order      none
 * acked      by the response
 */
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { type Span, type Tracing, throughSpan } from '@switchboard/runtime/tracing'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Admission } from './admission.ts'
import { accountRoutes, addressLimit } from './api-accounts.ts'
import { createIdentify, type Identify, traceIn } from './api-caller.ts'
import { deskRoutes } from './api-desks.ts'
import { deviceRoutes } from './api-devices.ts'
import { DOCS_PAGE, OPENAPI } from './api-docs.ts'
import { refusalOf, sendRefusal } from './api-errors.ts'
import { roomRoutes } from './api-rooms.ts'
import { transcriptRoutes } from './api-transcripts.ts'
import { useContractSchemas } from './api-validate.ts'
import { visitorRoutes } from './api-visitors.ts'
import { framingSites, isPageAddress, pageHeaders, pageOf } from './api-web.ts'
import { webhookRoutes } from './api-webhooks.ts'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { Rpc } from './rpc.ts'
import type { Tokens } from './tokens.ts'
import { KEEP_ALIVE } from './wires.ts'

export interface ApiParts {
  readonly clock: Clock
  readonly events: EdgeEvents
  readonly tokens: Tokens
  readonly admission: Admission
  readonly rpc: Rpc
  readonly newId: () => string
  /** What the deliveries to a webhook are signed with, in base64. */
  readonly newSecret: () => string
  /** Undefined where nothing is traced. */
  readonly tracing: Tracing | undefined
  readonly apiKeys: readonly string[]
  readonly webDir: string
  /** Sites that may show the widget's page in a frame. */
  readonly widgetSites: readonly string[]
  readonly proxyHops: number
  /** Where webhooks may go besides https in public. */
  readonly webhookHosts: readonly string[]
}

/** A route's answer: a body, or a refusal that becomes the one shape of HTTP errors. */
export type Answer = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown | Refusal>

export interface RouteParts extends ApiParts {
  readonly identify: Identify
  /** Attempts of one address, for routes that need no token. */
  readonly limitAddress: (address: string) => Refusal | null
  /** Wraps what a route does so that refusals are sent as such. */
  readonly answer: (answer: Answer) => (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
}

const HEAD_BYTES = 16_384
/** How often Node looks for requests past their time. */
const LOOK_MS = 1_000
/** What the API answers; pages, documents and keys are not worth a limit. */
const API = '/v1/'

export async function fromApi(parts: ApiParts): Promise<FastifyInstance> {
  const { admission, events, proxyHops, tokens, tracing } = parts
  const app = fastify({
    logger: false,
    bodyLimit: MAX.connectFrameBytes,
    trustProxy: (_address, hop) => hop < proxyHops,
    requestTimeout: MAX.requestSeconds * 1_000,
    forceCloseConnections: true,
    http: {
      headersTimeout: MAX.headSeconds * 1_000,
      connectionsCheckingInterval: LOOK_MS,
      maxHeaderSize: HEAD_BYTES,
      ...KEEP_ALIVE,
    },
  })
  app.server.maxConnections = MAX.sockets
  app.server.on('drop', () => admission.socketDropped())
  admitRequests(app, admission)
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
    limitAddress: addressLimit(parts.clock),
    answer: (answer) => async (request, reply) => {
      const body = await throughSpan(spanOf(request, tracing), () => answer(request, reply), outcomeOf)
      events.command('api', isRefusal(body) ? body.code : 'done')
      return isRefusal(body) ? sendRefusal(reply, body) : body
    },
  }
  await app.register(swagger, OPENAPI)
  await app.register(swaggerUi, DOCS_PAGE)
  accountRoutes(app, routes)
  visitorRoutes(app, routes)
  transcriptRoutes(app, routes)
  roomRoutes(app, routes)
  deviceRoutes(app, routes)
  deskRoutes(app, routes)
  webhookRoutes(app, routes)
  app.get(
    '/.well-known/jwks.json',
    { schema: { summary: 'The keys that sign our tokens' } },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300')
      return tokens.jwks
    },
  )
  await webPage(app, parts)
  return app
}

function spanOf(request: FastifyRequest, tracing: Tracing | undefined): Span | undefined {
  if (!tracing) return undefined
  const method = `${request.method} ${request.routeOptions.url}`
  return tracing.beginHere('edge.request', { cause: traceIn(request), of: method, attributes: { method } })
}

const outcomeOf = (body: unknown) => ({ outcome: isRefusal(body) ? body.code : 'done' })

/** Lets a request to the API in, or tells it when to return; while this edge goes away, also that the next one goes elsewhere. */
function admitRequests(app: FastifyInstance, admission: Admission): void {
  const taken = new WeakSet<FastifyRequest>()
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith(API)) return
    if (admission.isDraining) reply.header('connection', 'close')
    const refusal = admission.request()
    if (refusal) return sendRefusal(reply, refusal)
    taken.add(request)
  })
  app.addHook('onResponse', async (request) => {
    if (taken.delete(request)) admission.requestDone()
  })
}

/** The pages, if there are any: each HTML file of the folder is a single-page application. */
async function webPage(app: FastifyInstance, { webDir, widgetSites }: ApiParts): Promise<void> {
  const root = resolve(webDir)
  const framing = framingSites(widgetSites)
  const hasPage = webDir !== '' && (await stat(join(root, 'index.html')).catch(() => null)) !== null
  const pages = new Set(hasPage ? (await readdir(root)).filter((name) => name.endsWith('.html')) : [])
  if (hasPage) {
    await app.register(fastifyStatic, {
      root,
      cacheControl: false,
      setHeaders: (reply, path) => {
        for (const [name, value] of Object.entries(pageHeaders(path, framing))) reply.header(name, value)
      },
    })
  }
  app.setNotFoundHandler((request, reply) => {
    if (hasPage && isPageAddress(request)) return reply.sendFile(pageOf(request.url, pages))
    return sendRefusal(reply, refuse('not_found', { message: 'There is nothing at this address.' }))
  })
}
