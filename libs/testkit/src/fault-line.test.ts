import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { resetSocket } from './fault-line.ts'

/** Two ends of a connection; the second reads nothing. */
async function connected(): Promise<{ near: Socket; far: Socket } & Disposable> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const near = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown]
  server.close()
  for (const socket of [near, far]) socket.on('error', () => {})
  return {
    near,
    far,
    [Symbol.dispose]: () => {
      near.destroy()
      far.destroy()
    },
  }
}

const EDGES: Readonly<Record<string, (socket: Socket) => void>> = {
  'with nothing on its way': () => {},
  'whose end was begun in the same turn': (socket) => socket.end(),
  'whose end waits behind what the other does not read': (socket) => socket.end(Buffer.alloc(20_000_000)),
}

for (const [what, before] of Object.entries(EDGES)) {
  test(`a socket ${what}, when it is reset, then it is closed without an error`, async () => {
    using ends = await connected()
    const errors: Error[] = []
    ends.near.on('error', (error) => errors.push(error))
    const closed = once(ends.near, 'close')
    before(ends.near)
    resetSocket(ends.near)
    await closed
    assert.deepEqual(errors, [])
  })
}
