import { isRefusal, refuse } from '@switchboard/contracts/errors'
import { EventsQuery, MessageBody, RoomParams, SearchQuery, SearchReply } from '@switchboard/contracts/http'
import { HistoryPage, METHODS, RoomList } from '@switchboard/contracts/methods'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Identify } from './api-caller.ts'
import type { RouteParts } from './from-api.ts'

/** A person; servers with a key have no rooms of their own. */
async function personOf(identify: Identify, request: FastifyRequest) {
  const caller = await identify(request)
  if (isRefusal(caller) || !caller.isServer) return caller
  return refuse('permission_denied', { field: 'x-api-key', message: 'A key has no rooms: use the token of a user.' })
}

const security = [{ token: [] }]
const either = [{ token: [] }, { key: [] }]

export function roomRoutes(app: FastifyInstance, { answer, identify, rpc }: RouteParts): void {
  app.get('/v1/rooms', {
    schema: { summary: 'One’s rooms, with unread counts', response: { 200: RoomList }, tags: ['rooms'], security },
    handler: answer(async (request) => {
      const caller = await personOf(identify, request)
      return isRefusal(caller) ? caller : rpc.call(caller, 'room.list', {})
    }),
  })
  app.get('/v1/rooms/:room/events', {
    schema: {
      summary: 'Events of a room, complete up to its head',
      params: RoomParams,
      querystring: EventsQuery,
      response: { 200: HistoryPage },
      tags: ['rooms'],
      security: either,
    },
    handler: answer(async (request) => {
      const caller = await identify(request)
      if (isRefusal(caller)) return caller
      const { room } = request.params as Static<typeof RoomParams>
      const whose = caller.isServer ? {} : { user: caller.user, roles: caller.roles }
      return rpc.storage('room.history', { room, ...whose, ...(request.query as Static<typeof EventsQuery>) })
    }),
  })
  app.post('/v1/rooms/:room/messages', {
    schema: {
      summary: 'Sends a message: as oneself, or with a key in the name of `from`',
      params: RoomParams,
      body: MessageBody,
      response: { 200: METHODS['message.send'].result },
      tags: ['rooms'],
      security: either,
    },
    handler: answer(async (request) => {
      const caller = await identify(request)
      if (isRefusal(caller)) return caller
      const { room } = request.params as Static<typeof RoomParams>
      const { from, ...message } = request.body as Static<typeof MessageBody>
      if (caller.isServer) {
        if (from === undefined) return refuse('bad_request', { field: 'from', message: 'is required with a key' })
        return rpc.command({ user: from, roles: ['api'] }, 'message.send', { ...message, room })
      }
      if (from !== undefined && from !== caller.user) return refuse('permission_denied', { field: 'from' })
      return rpc.command(caller, 'message.send', { ...message, room })
    }),
  })
  app.get('/v1/search', {
    schema: {
      summary: 'Messages that match, newest first',
      querystring: SearchQuery,
      response: { 200: SearchReply },
      tags: ['rooms'],
      security,
    },
    handler: answer(async (request) => {
      const caller = await personOf(identify, request)
      if (isRefusal(caller)) return caller
      return rpc.storage('search', { user: caller.user, ...(request.query as Static<typeof SearchQuery>) })
    }),
  })
}
