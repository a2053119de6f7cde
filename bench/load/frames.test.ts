import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { clientFrame, eachLine, FrameReader, numberAt, offsetAtEnd, textOf } from './frames.ts'

/** As a server sends it: without a mask. */
function serverFrame(text: string): Buffer {
  const framed = clientFrame(text)
  const head = framed.length - Buffer.byteLength(text) - 4
  const frame = Buffer.concat([framed.subarray(0, head), framed.subarray(head + 4)])
  frame[1] = (frame[1] ?? 0) & 0x7f
  return frame
}

test('frames of every length class cut anywhere, then the same texts come out', () => {
  const texts = ['{}', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(70_000), '']
  const all = Buffer.concat(texts.map(serverFrame))
  for (const size of [1, 3, 127, 4_096, all.length]) {
    const seen: string[] = []
    const reader = new FrameReader((opcode, payload) => {
      assert.equal(opcode, 1)
      seen.push(textOf(payload))
    })
    for (let at = 0; at < all.length; at += size) reader.push(all.subarray(at, at + size))
    assert.deepEqual(seen, texts)
  }
})

test('a real server is sent our frames, then it reads the texts that were meant', async () => {
  const server = new WebSocketServer({ port: 0 })
  const texts = ['{"id":1}', 'ü'.repeat(200), 'w'.repeat(70_000)]
  const seen: string[] = []
  const done = Promise.withResolvers<void>()
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      seen.push(String(data))
      if (seen.length === texts.length) done.resolve()
    }),
  )
  const { port } = server.address() as { port: number }
  const client = new WebSocket(`ws://127.0.0.1:${port}`)
  await new Promise((resolve) => client.once('open', resolve))
  const raw = (client as unknown as { _socket: { write(bytes: Buffer): void } })._socket
  for (const text of texts) raw.write(clientFrame(text))
  await done.promise
  client.terminate()
  server.close()
  assert.deepEqual(seen, texts)
})

test('publications, signals and other lines, then only publications have an offset', () => {
  const offsetOf = (line: string) => offsetAtEnd({ bytes: Buffer.from(line), start: 0, end: Buffer.byteLength(line) })
  assert.equal(offsetOf('{"push":{"channel":"room:a","pub":{"data":{"seq":7},"offset":123}}}'), 123)
  assert.equal(offsetOf('42["m",{"channel":"room:a","pub":{"data":{},"offset":9}}]'), 9)
  assert.equal(offsetOf('{"push":{"channel":"room:a","pub":{"data":{"type":"typing","seq":5}}}}'), -1)
  assert.equal(offsetOf('{}'), -1)
  assert.equal(offsetOf(''), -1)
})

test('a frame of several lines, then each is taken once, and numbers are read where they stand', () => {
  const bytes = Buffer.from('##{"id":12}\n{}\n{"id":345,##')
  const seen: string[] = []
  eachLine({ bytes, start: 2, end: bytes.length - 2 }, (line) => seen.push(textOf(line)))
  assert.deepEqual(seen, ['{"id":12}', '{}', '{"id":345,'])
  assert.equal(numberAt(bytes, 8), 12)
})
