/**
 * The limit of fan-out: one process, `ws`, a loop that sends the same bytes to everybody in the room. It keeps nothing and promises
 * nothing; it numbers what it relays, so that the load can see that nothing was lost.
 */
import { type WebSocket, WebSocketServer } from 'ws'
import { serveParent } from '../load/worker.ts'

interface Room {
  head: number
  readonly sockets: Set<WebSocket>
}

type Command =
  | { readonly id: number; readonly join: readonly string[] }
  | { readonly id: number; readonly publish: string; readonly data: { readonly [field: string]: unknown } }

const rooms = new Map<string, Room>()

function roomOf(channel: string): Room {
  const room = rooms.get(channel) ?? { head: 0, sockets: new Set() }
  rooms.set(channel, room)
  return room
}

function join(socket: WebSocket, id: number, channels: readonly string[]): void {
  const subs: Record<string, { offset: number }> = {}
  for (const channel of channels) {
    const room = roomOf(channel)
    room.sockets.add(socket)
    subs[channel] = { offset: room.head }
  }
  socket.on('close', () => channels.forEach((channel) => void roomOf(channel).sockets.delete(socket)))
  socket.send(JSON.stringify({ id, connect: { subs } }))
}

function publish(socket: WebSocket, { id, publish: channel, data }: Extract<Command, { publish: string }>): void {
  const room = roomOf(channel)
  room.head += 1
  const at = Date.now()
  const event = { ...data, seq: room.head, n: room.head, at }
  const line = Buffer.from(JSON.stringify({ push: { channel, pub: { data: event, offset: room.head } } }))
  for (const each of room.sockets) each.send(line, { binary: false })
  socket.send(`{"id":${id},"rpc":{"data":{"seq":${room.head},"at":${at}}}}`)
}

export const methods = {
  listen: async (): Promise<string> => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, backlog: 8_192 })
    await new Promise((resolve) => server.once('listening', resolve))
    server.on('connection', (socket) => {
      socket.on('error', () => socket.terminate())
      socket.on('message', (bytes) => {
        const command = JSON.parse(String(bytes)) as Command
        if ('join' in command) join(socket, command.id, command.join)
        else publish(socket, command)
      })
    })
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`
  },
  /** What the process holds after a collection, as it is asked for on both sides of a comparison. */
  collect: () => globalThis.gc?.(),
}

serveParent(methods)
