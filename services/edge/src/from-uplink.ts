/**
 * channel    uplink (WebSocket, TCP)
 * comes      frames of the Centrifuge protocol, from clients
 * goes       the session of that connection
 * guarantee  each command is answered once, or the connection is lost
 * order      per connection
 * acked      by the reply
 */
import type { ServerResponse } from 'node:http'
import { createServer, type ListenOptions, type Socket } from 'node:net'
import websocket from '@fastify/websocket'
import { CLOSE, type CloseName } from '@switchboard/contracts/close-codes'
import { httpError, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { PROTOBUF_SUBPROTOCOL } from '@switchboard/contracts/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { Admission } from './admission.ts'
import { traceIn } from './api-caller.ts'
import { sendRefusal } from './api-errors.ts'
import type { Codec } from './codec.ts'
import { jsonCodec } from './codec-json.ts'
import type { EdgeEvents } from './events.ts'
import type { Heartbeat } from './heartbeat.ts'
import { isAllowedOrigin } from './origin.ts'
import type { Outboxes } from './outbox.ts'
import { Session } from './session.ts'
import type { SessionParts } from './session-parts.ts'
import { TcpFrames } from './tcp-frames.ts'
import { Downlink, type Flusher, type Wire } from './to-downlink.ts'
import { KEEP_ALIVE, TcpWire, WebSocketWire } from './wires.ts'

export interface UplinkParts {
  readonly session: SessionParts
  readonly events: EdgeEvents
  readonly flusher: Flusher
  readonly outboxes: Outboxes
  readonly heartbeat: Heartbeat
  readonly protobuf: Codec
  readonly origins: readonly string[]
  readonly admission: Admission
}

const SOCKET_OPTIONS = {
  maxPayload: MAX.connectFrameBytes,
  perMessageDeflate: false,
  maxFragments: MAX.frameFragments,
  maxBufferedChunks: MAX.frameChunks,
  // Pings are answered by us, which counts them and answers none to those who do not read.
  autoPong: false,
  clientTracking: false,
  closeTimeout: 5_000,
  handleProtocols: (offered: Set<string>): string | false =>
    offered.has(PROTOBUF_SUBPROTOCOL) ? PROTOBUF_SUBPROTOCOL : ([...offered][0] ?? false),
}

/** Begins a session on a wire. @returns it, to be given the frames and the end. */
export function openSession(wire: Wire, codec: Codec, parts: UplinkParts): Session {
  const link = new Downlink(wire, { ...parts, tooSlow: () => session.close('slow') })
  const session: Session = new Session(link, codec, parts.session)
  parts.session.sessions.add(session)
  parts.events.opened(wire.transport)
  const stopPings = parts.heartbeat.add(session)
  session.ended = () => {
    stopPings()
    parts.outboxes.forget(link)
  }
  return session
}

export async function fromUplink(app: FastifyInstance, parts: UplinkParts): Promise<void> {
  const check = ({ headers: { origin, host }, ip, ws }: FastifyRequest) => {
    if (!isAllowedOrigin(origin, host, parts.origins)) return refuse('permission_denied', { field: 'origin' })
    return ws ? parts.admission.connection(ip) : null
  }
  await app.register(websocket, {
    options: SOCKET_OPTIONS,
    // Connections are sent away by our own drain, not all at once by the plugin.
    preClose: (done) => done(),
    errorHandler: (_error, socket) => socket.terminate(),
  })
  const responses = new WeakMap<FastifyRequest, ServerResponse>()
  app.route({
    method: 'GET',
    url: '/connection/websocket',
    schema: { hide: true },
    onRequest: async (request, reply) => {
      const refusal = check(request)
      if (refusal) return sendRefusal(reply, refusal)
      responses.set(request, reply.raw)
    },
    handler: (_request, reply) => {
      reply.code(426).header('upgrade', 'websocket')
      return httpError(refuse('bad_request', { message: 'This address takes WebSocket connections.' }))
    },
    wsHandler: (socket, request) => {
      forgetRequest(socket, request.raw.socket, responses.get(request))
      accept(socket, request, parts)
    },
  })
}

/**
 * The request is over, and its connection stays for days. @NOTE The heap of an idle edge was led by requests, their headers and
 * responses: the plugin's own listener holds the request, and the socket holds the response.
 */
function forgetRequest(websocket: WebSocket, socket: Socket, response: ServerResponse | undefined): void {
  websocket.removeAllListeners('error')
  response?.detachSocket(socket)
}

function accept(socket: WebSocket, request: FastifyRequest, parts: UplinkParts): void {
  const codec = socket.protocol === PROTOBUF_SUBPROTOCOL ? parts.protobuf : jsonCodec
  const wire = new WebSocketWire(socket, request.raw.socket, request.ip)
  const session = openSession(wire, codec, parts)
  session.trace = traceIn(request)
  socket.on('message', (data) => session.receive(data as Buffer))
  socket.on('ping', (data) => {
    if (session.arrived(data.byteLength) && socket.bufferedAmount <= MAX.signalOutboxBytes) socket.pong(data)
  })
  socket.on('pong', (data) => session.arrived(data.byteLength))
  socket.on('error', (error) => session.closed(brokenBy(error)))
  socket.on('close', () => session.closed('client'))
}

/** What the library found wrong with a frame, in our words; it has sent its own close code already. */
function brokenBy(error: Error): CloseName | 'client' {
  const { code = '' } = error as { code?: string }
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'frame_too_large'
  if (code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return 'flood'
  return code.startsWith('WS_ERR') ? 'bad_request' : 'client'
}

/** The same commands over plain TCP, for devices and programs without WebSocket. @returns how to stop listening. */
export async function listenTcp(place: ListenOptions, parts: UplinkParts): Promise<AsyncDisposable> {
  const server = createServer({ noDelay: true, ...KEEP_ALIVE }, (socket) => acceptTcp(socket, parts))
  server.maxConnections = MAX.sockets
  server.on('drop', () => parts.admission.socketDropped())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(place, resolve)
  })
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function acceptTcp(socket: Socket, parts: UplinkParts): void {
  socket.on('error', () => socket.destroy())
  const wire = new TcpWire(socket)
  if (parts.admission.connection(wire.address)) {
    wire.shun(CLOSE.busy.code, CLOSE.busy.reason)
    return
  }
  const session = openSession(wire, jsonCodec, parts)
  const frames = new TcpFrames(MAX.connectFrameBytes)
  socket.on('data', (chunk) => {
    if (!session.arrived(0)) return
    const complete = frames.push(chunk)
    if (complete === null) session.close('frame_too_large')
    for (const frame of complete ?? []) session.receive(frame)
  })
  socket.on('close', () => session.closed('client'))
}
