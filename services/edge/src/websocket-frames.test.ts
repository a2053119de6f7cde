import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { MessageFrames, type MessageKind, messageFrame } from './websocket-frames.ts'

/** What a client of the library reads of bytes that were written to its connection. */
async function readBack(frames: readonly Buffer[]): Promise<{ isBinary: boolean; bytes: Buffer }[]> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.on('connection', (_websocket, { socket }) => {
    for (const frame of frames) socket.write(frame)
  })
  const client = new WebSocket(`ws://127.0.0.1:${port}`)
  const read: { isBinary: boolean; bytes: Buffer }[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      client.on('error', reject)
      client.on('message', (data, isBinary) => {
        read.push({ isBinary, bytes: data as Buffer })
        if (read.length === frames.length) resolve()
      })
    })
  } finally {
    client.terminate()
    server.close()
  }
  return read
}

test('a message of any length, when it is framed here, is what a client reads', async () => {
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]
  const sent = lengths.flatMap((length) =>
    (['text', 'binary'] as MessageKind[]).map((kind) => ({ kind, bytes: Buffer.alloc(length, 'x') })),
  )
  const read = await readBack(sent.map(({ kind, bytes }) => messageFrame(kind, bytes)))
  assert.deepEqual(
    read.map(({ isBinary, bytes }) => ({ kind: isBinary ? 'binary' : 'text', length: bytes.length, first: bytes[0] })),
    sent.map(({ kind, bytes }) => ({ kind, length: bytes.length, first: bytes[0] })),
  )
})

test('what goes to many sockets, when it comes again, is not framed again, and the next payload is', () => {
  const frames = new MessageFrames('text')
  const [one, other] = [Buffer.from('one'), Buffer.from('other')]
  const first = frames.of(one)
  assert.equal(frames.of(one), first)
  assert.equal(frames.of(other).subarray(2).toString(), 'other')
  assert.deepEqual(frames.of(one), first)
})
