import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Logger } from '@switchboard/runtime/context'
import { within } from '@switchboard/runtime/deadline'
import { startChild } from '@switchboard/testkit/child'
import { natsServerProgram } from '@switchboard/testkit/nats-cluster-program'
import { freePort } from '@switchboard/testkit/ports'
import { connectBus } from '../src/connect.ts'

const GUARD = fileURLToPath(new URL('../../../tools/system/guard.ts', import.meta.url))
const START_MS_MAX = 30_000

/** A nats-server with these arguments, until it is disposed. */
async function natsServer(args: readonly string[]) {
  const port = await freePort()
  const ready = Promise.withResolvers<void>()
  const child = await startChild({
    name: 'nats-server',
    command: process.execPath,
    args: [GUARD, await natsServerProgram(), '--addr', '127.0.0.1', '--port', String(port), ...args],
    onLine: (line) => line.includes('Server is ready') && ready.resolve(),
  })
  await within(START_MS_MAX, ready.promise, 'a nats-server')
  return { port, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() }
}

/** What is said of an address that cannot be used, and what was said in the log before. */
async function refusalOf(url: string, connectMsMax = 4_000): Promise<{ sentence: string; logged: readonly object[] }> {
  const logged: object[] = []
  const note = (line: object) => void logged.push(line)
  const log = { trace: note, debug: note, info: note, warn: note, error: note, fatal: note } as unknown as Logger
  const connecting = connectBus({ url, namespace: 'usable', service: 'test', replicas: 1, log, connectMsMax })
  const error = await connecting.then(
    async (bus) => {
      await bus[Symbol.asyncDispose]()
      return new Error('it was taken')
    },
    (reason: Error) => reason,
  )
  assert.equal(error.name, 'UnusableError', error.message)
  return { sentence: error.message, logged }
}

test('NATS with another password, then the reason is in one sentence, and in the log before the wait is over', async () => {
  await using server = await natsServer(['--jetstream', '--user', 'ann', '--pass', 'right'])
  const { sentence, logged } = await refusalOf(`nats://ann:wrong@127.0.0.1:${server.port}`)
  assert.match(sentence, /does not let us in: the user, password or token in NATS_URL is wrong or missing$/)
  assert.doesNotMatch(sentence, /wrong@|ann/)
  assert.deepEqual(logged, [{ error: sentence }])
})

test('NATS with JetStream off, then the sentence says how it is switched on', async () => {
  await using server = await natsServer([])
  assert.match(
    (await refusalOf(`nats://127.0.0.1:${server.port}`)).sentence,
    /JetStream switched off: start it with -js/,
  )
})

test('NATS that is not there, then the sentence says where and what the system said', async () => {
  const port = await freePort()
  const { sentence } = await refusalOf(`nats://127.0.0.1:${port}`)
  assert.match(
    sentence,
    new RegExp(`^NATS at nats://127.0.0.1:${port} cannot be reached: .*(refused|ECONNREFUSED)`, 'i'),
  )
})

test('NATS that is too old, then the sentence says which one it is and which one is needed', async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const info = {
      server_id: 'S',
      version: '2.10.29',
      proto: 1,
      jetstream: true,
      headers: true,
      max_payload: 1_048_576,
    }
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
    socket.on('data', (data) => String(data).includes('PING') && socket.write('PONG\r\n'))
    socket.on('error', () => {})
    sockets.add(socket)
  })
  const port = await freePort()
  server.listen(port, '127.0.0.1')
  const { sentence } = await refusalOf(`nats://127.0.0.1:${port}`)
  server.close()
  for (const socket of sockets) socket.destroy()
  assert.match(sentence, /is 2\.10\.29: 2\.14 or newer is needed$/)
})
