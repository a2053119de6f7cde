/** The same work for Socket.IO, as its manual shows it: rooms, `emit`, acknowledgements. */
import { createServer } from 'node:http'
import { Server, type Socket } from 'socket.io'
import { serveParent } from '../load/worker.ts'

const heads = new Map<string, number>()

type Ack = (answer: { readonly seq: number; readonly at: number }) => void

function serve(server: Server, socket: Socket): void {
  socket.on('join', async (rooms: readonly string[], ack: (heads: Record<string, number>) => void) => {
    await socket.join([...rooms])
    ack(Object.fromEntries(rooms.map((room) => [room, heads.get(room) ?? 0])))
  })
  socket.on('publish', (channel: string, data: object, ack: Ack) => {
    const seq = (heads.get(channel) ?? 0) + 1
    heads.set(channel, seq)
    const at = Date.now()
    server.to(channel).emit('m', { channel, pub: { data: { ...data, seq, n: seq, at }, offset: seq } })
    ack({ seq, at })
  })
}

export const methods = {
  listen: async (): Promise<string> => {
    const http = createServer()
    const server = new Server(http, { transports: ['websocket'], serveClient: false })
    server.on('connection', (socket) => serve(server, socket))
    await new Promise<void>((resolve) => http.listen({ host: '127.0.0.1', port: 0, backlog: 8_192 }, resolve))
    return `http://127.0.0.1:${(http.address() as { port: number }).port}`
  },
}

serveParent(methods)
