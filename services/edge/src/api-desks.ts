import { Agent, DeskSettingsChange } from '@switchboard/contracts/desks'
import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import { AgentBody, AgentParams, DeskBody, DeskParams, DeskReply } from '@switchboard/contracts/http'
import { METHODS } from '@switchboard/contracts/methods'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { administrator } from './api-caller.ts'
import type { RouteParts } from './from-api.ts'
import type { Caller } from './rpc.ts'

const security = [{ token: [] }, { key: [] }]

const params = (request: FastifyRequest) => request.params as Static<typeof AgentParams>

/** Wraps what a route does so that nobody else comes to it. */
const administratorsOnly =
  ({ answer, identify }: Pick<RouteParts, 'answer' | 'identify'>) =>
  (act: (caller: Caller, request: FastifyRequest) => Promise<object | Refusal>) =>
    answer(async (request) => {
      const caller = await administrator(identify, request)
      return isRefusal(caller) ? caller : act(caller, request)
    })

/** What administrators do with desks. */
export function deskRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { answer, identify, rpc } = parts
  const byAdministrator = administratorsOnly(parts)
  app.post('/v1/desks', {
    schema: {
      summary: 'Makes a desk (administrators)',
      body: DeskBody,
      response: { 201: DeskReply },
      tags: ['desks'],
      security,
    },
    handler: answer(async (request, reply) => {
      const caller = await administrator(identify, request)
      if (isRefusal(caller)) return caller
      const { desk, ...settings } = request.body as Static<typeof DeskBody>
      const made = await rpc.administer(caller, desk, { method: 'desk.put', body: { settings, create: true } })
      if (!isRefusal(made)) reply.code(201)
      return made
    }),
  })
  app.get('/v1/desks/:desk', {
    schema: {
      summary: 'A desk with its agents and its first conversations (administrators)',
      params: DeskParams,
      response: { 200: METHODS['desk.view'].result },
      tags: ['desks'],
      security,
    },
    handler: byAdministrator(({ user }, request) => {
      const { desk } = params(request)
      return rpc.partition(desk, 'desk.view', { desk, user, roles: ['admin'] })
    }),
  })
  app.put('/v1/desks/:desk', {
    schema: {
      summary: 'Changes the settings that are given (administrators)',
      params: DeskParams,
      body: DeskSettingsChange,
      response: { 200: DeskReply },
      tags: ['desks'],
      security,
    },
    handler: byAdministrator((caller, request) => {
      const settings = request.body as DeskSettingsChange
      return rpc.administer(caller, params(request).desk, { method: 'desk.put', body: { settings, create: false } })
    }),
  })
  agentRoutes(app, parts)
}

/** Who answers at a desk. */
function agentRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { answer, identify, rpc } = parts
  const byAdministrator = administratorsOnly(parts)
  app.put('/v1/desks/:desk/agents/:user', {
    schema: {
      summary: 'Makes somebody an agent of the desk, or changes what is given (administrators)',
      params: AgentParams,
      body: AgentBody,
      response: { 200: Agent },
      tags: ['desks'],
      security,
    },
    handler: byAdministrator((caller, request) => {
      const { desk, user } = params(request)
      const body = { user, ...(request.body as Static<typeof AgentBody>) }
      return rpc.administer(caller, desk, { method: 'desk.put-agent', body })
    }),
  })
  app.delete('/v1/desks/:desk/agents/:user', {
    schema: {
      summary: 'Ends it; what the agent has waits again (administrators)',
      params: AgentParams,
      tags: ['desks'],
      security,
    },
    handler: answer(async (request, reply) => {
      const caller = await administrator(identify, request)
      if (isRefusal(caller)) return caller
      const { desk, user } = params(request)
      const removed = await rpc.administer(caller, desk, { method: 'desk.remove-agent', body: { user } })
      if (isRefusal(removed)) return removed
      reply.code(204)
      return undefined
    }),
  })
}
