import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import type { Health } from './health.ts'
import type { Meters } from './meters.ts'

/** The port for people and Kubernetes: /live, /ready (503 with the reason) and /metrics. Never exposed to clients. */
export async function openOperatorPort(options: {
  host: string
  port: number
  health: Health
  meters: Pick<Meters, 'text'>
}) {
  const server = fastify({ forceCloseConnections: true })
  server.get('/live', () => 'live\n')
  server.get('/ready', (_request, reply) => {
    reply.code(options.health.isReady ? 200 : 503)
    return `${options.health.describe()}\n`
  })
  server.get('/metrics', async (_request, reply) => {
    reply.type('text/plain; version=0.0.4')
    return options.meters.text()
  })
  await server.listen({ host: options.host, port: options.port })
  const { port } = server.server.address() as AddressInfo
  return { port, [Symbol.asyncDispose]: () => server.close() }
}
