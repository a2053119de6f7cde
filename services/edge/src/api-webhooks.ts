import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import {
  SECRET_PREFIX,
  WEBHOOK_EVENTS,
  type WebhookBody,
  WebhookBody as WebhookBodySchema,
  WebhookList,
  WebhookParams,
  WebhookQuery,
  WebhookReply,
} from '@switchboard/contracts/webhooks'
import { readWebhookUrl } from '@switchboard/domain/webhook-url'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { administrator } from './api-caller.ts'
import type { RouteParts } from './from-api.ts'

const security = [{ token: [] }, { key: [] }]
const tags = ['webhooks']

/** Endpoints of customers' own servers, for administrators to name. */
export function webhookRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { answer, identify, rpc } = parts
  const byAdministrator = (
    act: (request: FastifyRequest, reply: FastifyReply) => Promise<object | Refusal | undefined>,
  ) =>
    answer(async (request, reply) => {
      const caller = await administrator(identify, request)
      return isRefusal(caller) ? caller : act(request, reply)
    })
  app.put('/v1/webhooks/:hook', {
    schema: {
      summary: 'Names an endpoint that is told what happens at a desk, or at all, or changes it (administrators)',
      params: WebhookParams,
      body: WebhookBodySchema,
      response: { 200: WebhookReply, 201: WebhookReply },
      tags,
      security,
    },
    handler: byAdministrator((request, reply) => put(parts, request, reply)),
  })
  app.get('/v1/webhooks', {
    schema: {
      summary: 'The endpoints that are told of every desk; with a desk, its own as well (administrators)',
      querystring: WebhookQuery,
      response: { 200: WebhookList },
      tags,
      security,
    },
    handler: byAdministrator((request) => rpc.storage('webhook.list', request.query as Static<typeof WebhookQuery>)),
  })
  app.delete('/v1/webhooks/:hook', {
    schema: {
      summary: 'Nothing more is sent there; what waits is dropped (administrators)',
      params: WebhookParams,
      tags,
      security,
    },
    handler: byAdministrator(async (request, reply) => {
      const { hook } = request.params as Static<typeof WebhookParams>
      const done = await rpc.storage('webhook.remove', { hook })
      if (isRefusal(done)) return done
      if (!done.removed) return refuse('not_found', { field: 'hook' })
      reply.code(204)
      return undefined
    }),
  })
}

async function put(
  { rpc, newSecret, webhookHosts }: RouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<object | Refusal> {
  const { hook } = request.params as Static<typeof WebhookParams>
  const { url, desk, events = WEBHOOK_EVENTS, rotate = false } = request.body as WebhookBody
  const target = readWebhookUrl(url, webhookHosts)
  if ('refused' in target) return refuse('bad_request', { field: 'url', message: target.refused })
  if (desk !== undefined) {
    const there = await rpc.partition(desk, 'desk.info', { desk })
    if (isRefusal(there)) return there
  }
  const secret = `${SECRET_PREFIX}${newSecret()}`
  const asked = { hook, url: target.url.href, desk: desk ?? null, events, secret, rotate }
  const stored = await rpc.storage('webhook.put', asked)
  if (isRefusal(stored)) return stored
  if (stored.made) reply.code(201)
  return { ...stored.webhook, ...(stored.secret !== undefined && { secret: stored.secret }) }
}
