import { isRefusal, refuse } from '@switchboard/contracts/errors'
import { DeviceBody, DeviceParams } from '@switchboard/contracts/http'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { RouteParts } from './from-api.ts'

export function deviceRoutes(app: FastifyInstance, { answer, identify, rpc }: RouteParts): void {
  const security = [{ token: [] }]
  const change = (kind: 'put' | 'delete') =>
    answer(async (request, reply) => {
      const caller = await identify(request)
      if (isRefusal(caller)) return caller
      if (caller.isServer) return refuse('permission_denied', { field: 'x-api-key' })
      const { device } = request.params as Static<typeof DeviceParams>
      const { user } = caller
      const done =
        kind === 'put'
          ? await rpc.storage('device.put', { user, device, body: request.body as DeviceBody })
          : await rpc.storage('device.delete', { user, device })
      if (isRefusal(done)) return done
      return reply.code(204).send()
    })
  app.put('/v1/devices/:device', {
    schema: {
      summary: 'Registers where pushes for this device go',
      params: DeviceParams,
      body: DeviceBody,
      tags: ['devices'],
      security,
    },
    handler: change('put'),
  })
  app.delete('/v1/devices/:device', {
    schema: { summary: 'No pushes for this device any more', params: DeviceParams, tags: ['devices'], security },
    handler: change('delete'),
  })
}
