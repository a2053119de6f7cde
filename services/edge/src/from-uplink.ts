/**
 * channel    uplink (WebSocket, TCP)
 * comes      frames of the Centrifuge protocol, from clients
 * goes       the session of that connection
 * guarantee  each command is answered once, or the connection is lost
 * order      per connection
 * acked      by the reply
 */
import { createServer, type Socket } from 'node:net'
import websocket from '@fastify/websocket'
import { ERRORS, httpError, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { PROTOBUF_SUBPROTOCOL } from '@switchboard/contracts/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { Codec } from './codec.ts'
import { jsonCodec } from './codec-json.ts'
import type { EdgeEvents } from './events.ts'
import type { Heartbeat } from './heartbeat.ts'
import { isAllowedOrigin } from './origin.ts'
import { Session } from './session.ts'
import type { SessionParts } from './session-parts.ts'
import { TcpFrames } from './tcp-frames.ts'
import { Downlink, type Flusher, type Wire } from './to-downlink.ts'
import { tcpWire, websocketWire } from './wires.ts'

export interface UplinkParts {
  readonly session: SessionParts
  readonly events: EdgeEvents
  readonly flusher: Flusher
  readonly heartbeat: Heartbeat
  readonly protobuf: Codec
  readonly origins: readonly string[]
  /** True when this edge sends its connections away. */
  readonly isDraining: () => boolean
}

/** Fragments of one message and chunks in one frame: a browser sends one, hostile clients send thousands of empty ones. */
const SOCKET_OPTIONS = {
  maxPayload: MAX.connectFrameBytes,
  perMessageDeflate: false,
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  clientTracking: false,
  closeTimeout: 5_000,
  handleProtocols: (offered: Set<string>): string | false =>
    offered.has(PROTOBUF_SUBPROTOCOL) ? PROTOBUF_SUBPROTOCOL : ([...offered][0] ?? false),
}

/** Why a connection is not taken now, or null. */
export function admit({ session, isDraining, events }: UplinkParts): Refusal | null {
  const { sessions } = session
  const reason = isDraining()
    ? 'draining'
    : sessions.size >= MAX.connections
      ? 'full'
      : sessions.unauthenticated >= MAX.unauthenticated
        ? 'crowded'
        : null
  if (reason === null) return null
  events.admissionRefused(reason)
  return refuse('unavailable', { message: 'This edge takes no connections now.', after_ms: 1_000 })
}

/** Begins a session on a wire. @returns it, to be given the frames and the end. */
export function openSession(wire: Wire, codec: Codec, parts: UplinkParts): Session {
  const link = new Downlink(wire, { ...parts, tooSlow: () => session.close('slow') })
  const session: Session = new Session(link, codec, parts.session)
  parts.session.sessions.add(session)
  parts.events.opened(wire.transport)
  session.ended.push(parts.heartbeat.add(session))
  return session
}

export async function fromUplink(app: FastifyInstance, parts: UplinkParts): Promise<void> {
  const check = (request: FastifyRequest, reply: FastifyReply): Refusal | null => {
    const { origin, host } = request.headers
    if (!isAllowedOrigin(origin, host, parts.origins)) return refuse('permission_denied', { field: 'origin' })
    const refusal = request.ws ? admit(parts) : null
    if (refusal) reply.header('retry-after', '1')
    return refusal
  }
  await app.register(websocket, {
    options: SOCKET_OPTIONS,
    // Connections are sent away by our own drain, not all at once by the plugin.
    preClose: (done) => done(),
    errorHandler: (_error, socket) => socket.terminate(),
  })
  app.route({
    method: 'GET',
    url: '/connection/websocket',
    schema: { hide: true },
    onRequest: async (request, reply) => {
      const refusal = check(request, reply)
      if (refusal) return reply.code(ERRORS[refusal.code].http).send(httpError(refusal))
    },
    handler: (_request, reply) => {
      reply.code(426).header('upgrade', 'websocket')
      return httpError(refuse('bad_request', { message: 'This address takes WebSocket connections.' }))
    },
    wsHandler: (socket, request) => accept(socket, request, parts),
  })
}

function accept(socket: WebSocket, request: FastifyRequest, parts: UplinkParts): void {
  const codec = socket.protocol === PROTOBUF_SUBPROTOCOL ? parts.protobuf : jsonCodec
  const wire = websocketWire(socket, request.raw.socket, request.ip)
  const session = openSession(wire, codec, parts)
  socket.on('message', (data) => session.receive(data as Buffer))
  socket.on('close', () => session.closed('client'))
}

/** The same commands over plain TCP, for devices and programs without WebSocket. @returns how to stop listening. */
export async function listenTcp(address: { host: string; port: number }, parts: UplinkParts): Promise<AsyncDisposable> {
  const server = createServer({ noDelay: true }, (socket) => acceptTcp(socket, parts))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function acceptTcp(socket: Socket, parts: UplinkParts): void {
  socket.on('error', () => socket.destroy())
  if (admit(parts)) {
    socket.destroy()
    return
  }
  const session = openSession(tcpWire(socket), jsonCodec, parts)
  const frames = new TcpFrames(MAX.connectFrameBytes)
  socket.on('data', (chunk) => {
    const complete = frames.push(chunk)
    if (complete === null) session.close('frame_too_large')
    for (const frame of complete ?? []) session.receive(frame)
  })
  socket.on('close', () => session.closed('client'))
}
