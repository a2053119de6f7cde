/**
 * An edge in memory that speaks the Centrifuge JSON protocol, for tests of the client alone: it can lose answers, hide
 * publications, forget positions and cut connections on demand. The whole system has its own tests under test/.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { FakeRooms } from './fake-rooms.ts'

type Json = Record<string, unknown>
interface Command extends Json {
  id?: number
  connect?: { token: string; subs?: Record<string, { offset?: number; epoch?: string }> }
  rpc?: { method: string; data: Json }
  subscribe?: { channel: string }
}

interface Session {
  readonly socket: WebSocket
  user: string
  readonly channels: Set<string>
}

export class FakeEdge implements AsyncDisposable {
  readonly rooms = new FakeRooms((channel, pub, except) => this.#publish(channel, pub, except))
  /** Commands as they came, for assertions. */
  readonly received: Command[] = []
  /** Answers lost on the way: the connection is cut instead of answering. */
  loseAnswers = 0
  /** Publications that never leave: the client sees a hole. */
  hidePublications = 0
  /** Positions are forgotten: no connect recovers. */
  forgetful = false
  /** Refuses new connections. */
  down = false
  /** RPCs answered with this error of the protocol, by method. */
  readonly refusals = new Map<string, { code: number; message: string; temporary?: boolean }>()
  /** Rooms that the server does not subscribe by itself. */
  readonly uncounted = new Set<string>()
  readonly #server: Server
  readonly #sessions = new Set<Session>()

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { status, body } = this.rooms.http(request.url ?? '', Buffer.concat(chunks).toString())
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
    })
    const sockets = new WebSocketServer({ noServer: true })
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.down) {
        socket.destroy()
        return
      }
      sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws))
    })
  }

  static async start(): Promise<FakeEdge> {
    const edge = new FakeEdge()
    await new Promise<void>((resolve) => edge.#server.listen(0, '127.0.0.1', resolve))
    return edge
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get connections(): number {
    return this.#sessions.size
  }

  /** Cuts every connection, as a crash would. */
  cut(): void {
    for (const { socket } of this.#sessions) socket.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(socket: WebSocket): void {
    const session: Session = { socket, user: '', channels: new Set() }
    this.#sessions.add(session)
    socket.on('close', () => this.#sessions.delete(session))
    socket.on('message', (data) => {
      for (const line of data.toString().split('\n')) this.#command(session, JSON.parse(line) as Command)
    })
  }

  #command(session: Session, command: Command): void {
    this.received.push(command)
    const answer = (body: Json) => session.socket.send(JSON.stringify({ id: command.id, ...body }))
    if (command.connect) answer({ connect: this.#connect(session, command.connect) })
    else if (command.subscribe) answer(this.#subscribe(session, command.subscribe.channel))
    else if (command.rpc) this.#rpc(session, command.rpc, answer)
  }

  #connect(session: Session, { token, subs = {} }: NonNullable<Command['connect']>): Json {
    session.user = token
    const channels = [`user:${token}`, ...this.rooms.of(token).map((room) => `room:${room}`)]
    const replies: Json = {}
    for (const channel of channels.filter((name) => !this.uncounted.has(name))) {
      session.channels.add(channel)
      const wanted = subs[channel]
      const position = this.rooms.position(channel)
      const recovered = wanted !== undefined && !this.forgetful && wanted.epoch === position.epoch
      replies[channel] = {
        recoverable: true,
        positioned: true,
        ...position,
        ...(wanted ? { was_recovering: true } : {}),
        ...(recovered ? { recovered, publications: this.rooms.publicationsAfter(channel, wanted.offset ?? 0) } : {}),
      }
    }
    return { client: 'c', version: 'fake', ping: 25, pong: true, subs: replies }
  }

  #subscribe(session: Session, channel: string): Json {
    if (session.channels.has(channel)) return { error: { code: 105, message: 'already_subscribed: twice' } }
    session.channels.add(channel)
    return { subscribe: { recoverable: true, positioned: true, ...this.rooms.position(channel) } }
  }

  #rpc(session: Session, { method, data }: NonNullable<Command['rpc']>, answer: (body: Json) => void): void {
    const refusal = this.refusals.get(method)
    if (refusal) {
      answer({ error: refusal })
      return
    }
    const before = new Set(this.rooms.of(session.user))
    const result = this.rooms.rpc(session.user, method, data)
    for (const room of this.rooms.of(session.user)) if (!before.has(room)) this.#added(room)
    if (method === 'message.send' && this.loseAnswers > 0) {
      this.loseAnswers--
      session.socket.terminate()
      return
    }
    answer('error' in result ? result : { rpc: { data: result } })
  }

  #added(room: string): void {
    for (const session of this.#sessions) {
      const channel = `room:${room}`
      if (session.channels.has(channel) || !this.rooms.of(session.user).includes(room)) continue
      session.channels.add(channel)
      const subscribe = { recoverable: true, positioned: true, ...this.rooms.position(channel) }
      session.socket.send(JSON.stringify({ push: { channel, subscribe } }))
      const data = { type: 'room.added', room, kind: 'group', room_seq: 1, seq: 1 }
      session.socket.send(JSON.stringify({ push: { channel: `user:${session.user}`, pub: { data, offset: 1 } } }))
    }
  }

  #publish(channel: string, pub: Json, except?: string): void {
    if (pub.offset !== undefined && this.hidePublications > 0) {
      this.hidePublications--
      return
    }
    for (const session of this.#sessions) {
      if (!session.channels.has(channel) || session.user === except) continue
      session.socket.send(JSON.stringify({ push: { channel, pub } }))
    }
  }
}
