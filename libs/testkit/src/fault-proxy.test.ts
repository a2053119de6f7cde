import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { HELD_BYTES_MAX } from './fault-pipe.ts'
import { openFaultProxy } from './fault-proxy.ts'
import type { Toxic } from './fault-toxic.ts'
import { freePort } from './ports.ts'

const MIB = 1024 * 1024

/** One end of a connection, which keeps what it hears. */
class End implements Disposable {
  readonly socket: Socket
  readonly #heard: Buffer[] = []
  chunks = 0
  length = 0
  error: NodeJS.ErrnoException | undefined
  readonly #wakes = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes) => {
      this.#heard.push(bytes as Buffer)
      this.chunks++
      this.length += bytes.length
      this.#wake()
    })
    socket.on('error', (error) => {
      this.error = error
    })
    for (const event of ['end', 'close']) socket.on(event, () => this.#wake())
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard)
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wakes.add(resolve))
  }

  hears(text: string): Promise<void> {
    return this.until(() => this.heard.toString().endsWith(text))
  }

  closes(): Promise<void> {
    return this.until(() => this.socket.closed)
  }

  #wake(): void {
    for (const wake of this.#wakes) wake()
    this.#wakes.clear()
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

async function listenFor() {
  const server = createServer({ allowHalfOpen: true })
  server.listen({ host: '127.0.0.1', port: await freePort() })
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const ends: End[] = []
  server.on('connection', (socket: Socket) => ends.push(new End(socket.setNoDelay(true))))
  const close = () => {
    for (const end of ends) end.socket.destroy()
    server.close()
  }
  return { target: { host: '127.0.0.1', port }, ends, server, close, [Symbol.dispose]: close }
}

const dial = async (port: number) => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const end = new End(socket)
  await once(socket, 'connect')
  return end
}

/** A client and a server that hear each other through a proxy. */
async function pair() {
  await using stack = new AsyncDisposableStack()
  const listener = stack.use(await listenFor())
  const proxy = stack.use(await openFaultProxy({ targets: [listener.target] }))
  const client = stack.use(await dial(proxy.port))
  client.socket.write('hello')
  while (listener.ends.length === 0) await once(listener.server, 'connection')
  const server = listener.ends[0] as End
  await server.hears('hello')
  const all = stack.move()
  return { proxy, client, server, listener, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** As many messages from the one to the other, each after the one before was heard: what was on its way elsewhere is there. */
async function ping(from: End, to: End, times = 20): Promise<void> {
  for (let i = 0; i < times; i++) {
    from.socket.write(`ping ${i};`)
    await to.hears(`ping ${i};`)
  }
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await turn()
}

test('without a toxic both directions pass, and an end passes while the other direction goes on', async () => {
  await using link = await pair()
  await ping(link.server, link.client)
  link.client.socket.end('last')
  await once(link.server.socket, 'end')
  assert.ok(link.server.heard.toString().endsWith('last'))
  await ping(link.server, link.client)
  link.server.socket.end()
  await Promise.all([link.client.closes(), link.server.closes()])
  assert.equal(link.client.error, undefined)
})

test('a black hole swallows what comes, and the connection stays until the hole is gone, then it is reset', async () => {
  await using link = await pair()
  link.proxy.spoil({ kind: 'blackhole', direction: 'up' })
  const written = Promise.withResolvers<void>()
  // More than the buffers of the system take: it is gone, and not waiting somewhere.
  link.client.socket.write(Buffer.alloc(64 * MIB), () => written.resolve())
  await written.promise
  await ping(link.server, link.client)
  assert.equal(link.server.heard.toString(), 'hello')
  assert.equal(link.proxy.open, 1)
  link.proxy.heal()
  await Promise.all([link.client.closes(), link.server.closes()])
  assert.equal(link.client.error?.code, 'ECONNRESET')
  assert.equal(link.server.error?.code, 'ECONNRESET')
  assert.equal(link.server.heard.toString(), 'hello')
})

test('a connection that said nothing during a black hole outlives it', async () => {
  await using link = await pair()
  link.proxy.spoil({ kind: 'blackhole', direction: 'both' })
  link.proxy.heal()
  await ping(link.client, link.server)
})

test('the end of one side does not cross a black hole, and who connects during it meets silence', async () => {
  await using link = await pair()
  link.proxy.spoil({ kind: 'blackhole', direction: 'both' })
  using late = await dial(link.proxy.port)
  link.server.socket.destroy()
  while (link.proxy.open < 2) await turn()
  await turns(20)
  assert.equal(link.client.socket.closed, false)
  assert.equal(link.listener.ends.length, 1)
  link.proxy.heal()
  await Promise.all([link.client.closes(), late.closes()])
  assert.equal(link.client.error?.code, 'ECONNRESET')
  assert.equal(late.error?.code, 'ECONNRESET')
})

test('a stall holds what comes, within bounds, and delivers all of it afterwards', async () => {
  await using link = await pair()
  link.proxy.spoil({ kind: 'stall', direction: 'up' })
  const size = 64 * MIB
  link.client.socket.write(Buffer.alloc(size, 'x'))
  await ping(link.server, link.client, 300)
  assert.equal(link.server.heard.toString(), 'hello')
  assert.ok(link.client.socket.writableLength > 32 * MIB, 'the client is held back')
  assert.ok(HELD_BYTES_MAX < 32 * MIB)
  link.proxy.heal()
  await link.server.until(() => link.server.length === size + 'hello'.length)
})

test('a receiver that does not read holds the sender back', async () => {
  await using link = await pair()
  link.server.socket.pause()
  link.client.socket.write(Buffer.alloc(64 * MIB))
  await ping(link.server, link.client, 300)
  assert.ok(link.client.socket.writableLength > 32 * MIB)
})

test('latency delays both ways and keeps the order', async () => {
  await using link = await pair()
  link.proxy.spoil({ kind: 'latency', ms: 50, jitterMs: 50 })
  const since = performance.now()
  for (let i = 0; i < 100; i++) {
    link.client.socket.write(`${i} `)
    await turn()
  }
  await link.server.hears('99 ')
  link.server.socket.write('back')
  await link.client.hears('back')
  assert.ok(performance.now() - since >= 100)
  assert.equal(link.server.heard.toString(), `hello${Array.from({ length: 100 }, (_, i) => `${i} `).join('')}`)
})

test('a narrow link takes its time', async () => {
  await using link = await pair()
  link.proxy.spoil({ kind: 'bandwidth', bytesPerSecond: 200_000 })
  const since = performance.now()
  link.client.socket.write(Buffer.alloc(100_000))
  await link.server.until(() => link.server.length === 100_000 + 'hello'.length)
  assert.ok(performance.now() - since >= 480)
})

test('slices arrive in many pieces', async () => {
  await using link = await pair()
  link.proxy.spoil({ kind: 'slices', bytes: 7 })
  const before = link.server.chunks
  link.client.socket.write('0123456789'.repeat(100))
  await link.server.until(() => link.server.length === 1_000 + 'hello'.length)
  assert.ok(link.server.chunks - before > 20, `${link.server.chunks - before} pieces`)
  assert.equal(link.server.heard.toString(), `hello${'0123456789'.repeat(100)}`)
})

test('refused are new connections only, by the system itself', async () => {
  await using link = await pair()
  link.proxy.spoil({ kind: 'refuse' })
  await assert.rejects(dial(link.proxy.port), { code: 'ECONNREFUSED' })
  await ping(link.client, link.server)
  link.proxy.heal()
  await turn()
  using again = await dial(link.proxy.port)
  assert.equal(again.error, undefined)
})

test('a reset reaches both sides, and a side that breaks breaks the other', async () => {
  await using first = await pair()
  first.proxy.reset()
  await Promise.all([first.client.closes(), first.server.closes()])
  assert.deepEqual([first.client.error?.code, first.server.error?.code], ['ECONNRESET', 'ECONNRESET'])
  await using second = await pair()
  second.server.socket.resetAndDestroy()
  await second.client.closes()
  assert.equal(second.client.error?.code, 'ECONNRESET')
})

test('of several targets each has its turn, and those that refuse are passed over', async () => {
  using one = await listenFor()
  using two = await listenFor()
  await using proxy = await openFaultProxy({ targets: [one.target, two.target] })
  const visit = async () => {
    using client = await dial(proxy.port)
    const server = await Promise.race(
      [one, two].map(async ({ server, ends }) => {
        await once(server, 'connection')
        return ends.at(-1) as End
      }),
    )
    await ping(client, server, 1)
  }
  const counts = () => [one.ends.length, two.ends.length]
  for (let i = 0; i < 4; i++) await visit()
  assert.deepEqual(counts(), [2, 2])
  proxy.lines[0]?.spoil({ kind: 'refuse' })
  for (let i = 0; i < 2; i++) await visit()
  assert.deepEqual(counts(), [2, 4])
  proxy.heal()
  two.close()
  for (let i = 0; i < 2; i++) await visit()
  assert.deepEqual(counts(), [4, 4])
  one.close()
  using nobody = await dial(proxy.port)
  await nobody.closes()
  assert.equal(nobody.error?.code, 'ECONNRESET')
})

const direction = fc.constantFrom('both', 'up', 'down')
const toxics = fc.oneof(
  fc.record({ kind: fc.constant('blackhole'), direction }),
  fc.record({ kind: fc.constant('stall'), direction }),
  fc.record({ kind: fc.constant('latency'), ms: fc.nat(4), jitterMs: fc.nat(4) }),
  fc.record({ kind: fc.constant('bandwidth'), bytesPerSecond: fc.integer({ min: 100_000, max: 10_000_000 }) }),
  fc.record({ kind: fc.constant('slices'), bytes: fc.integer({ min: 1, max: 500 }) }),
  fc.record({ kind: fc.constant('refuse') }),
) as fc.Arbitrary<Toxic>
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('spoil' as const), toxic: toxics, turns: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('heal' as const), turns: fc.nat(5) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('up' as const, 'down' as const),
      length: fc.integer({ min: 1, max: 5_000 }),
      turns: fc.nat(5),
    }),
  },
)

test('whatever the toxics, what arrives is the beginning of what was sent, and all of it where the connection lives', async () => {
  const seen = { survived: 0, broken: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (plan) => {
      await using link = await pair()
      const sent = { up: Buffer.from('hello'), down: Buffer.alloc(0) }
      const ends = { up: link.client, down: link.server }
      const send = (way: 'up' | 'down', length: number) => {
        const at = sent[way].length
        const bytes = Buffer.from(Array.from({ length }, (_, i) => (at + i) % 251))
        sent[way] = Buffer.concat([sent[way], bytes])
        if (!ends[way].socket.destroyed) ends[way].socket.write(bytes)
      }
      let mayBreak = false
      for (const next of plan) {
        if (next.do === 'spoil') link.proxy.spoil(next.toxic)
        else if (next.do === 'heal') link.proxy.heal()
        else send(next.do, next.length)
        await turns(next.turns)
        mayBreak ||= next.do === 'spoil' && next.toxic.kind === 'blackhole'
      }
      link.proxy.heal()
      if (!link.client.socket.destroyed) link.client.socket.end()
      if (!link.server.socket.destroyed) link.server.socket.end()
      await Promise.all([link.client.closes(), link.server.closes()])
      const isBroken = Boolean(link.client.error ?? link.server.error)
      seen[isBroken ? 'broken' : 'survived']++
      assert.ok(mayBreak || !isBroken, 'only a black hole may break a connection')
      for (const [way, hearer] of [
        ['up', link.server],
        ['down', link.client],
      ] as const) {
        const heard = hearer.heard
        if (!isBroken) assert.equal(heard.length, sent[way].length)
        assert.ok(heard.equals(sent[way].subarray(0, heard.length)), `${way}: other bytes than were sent`)
      }
    }),
    { numRuns: 150 },
  )
  assert.ok(seen.survived > 0 && seen.broken > 0, JSON.stringify(seen))
})
