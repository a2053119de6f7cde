import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { within } from '@switchboard/runtime/deadline'
import { freePort } from '@switchboard/testkit/ports'
import { Centrifuge, type PublicationContext } from 'centrifuge'
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf'
import { frameHeader, TcpFrames } from '../src/tcp-frames.ts'
import { hurried, type Stage, stage, token, WAIT_MS } from './edge-fixture.ts'
import type { Frame } from './raw-client.ts'

let here: Stage
let tcpPort: number
before(async () => {
  tcpPort = await freePort()
  here = await stage({ env: { TCP_PORT: String(tcpPort) } })
})
after(() => here[Symbol.asyncDispose]())

const endpoint = (url = here.edge.url) => `${url.replace('http', 'ws')}/connection/websocket`

/** Resolves with what `find` finds, looked for after each event of the client. */
function until<T>(client: Centrifuge, what: string, find: () => T | undefined): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  const look = () => {
    const found = find()
    if (found !== undefined) resolve(found)
  }
  for (const event of [
    'publication',
    'subscribed',
    'unsubscribed',
    'connected',
    'connecting',
    'disconnected',
  ] as const) {
    client.on(event, look)
  }
  look()
  return within(WAIT_MS, promise, what)
}

const encode = (data: unknown) => new TextEncoder().encode(JSON.stringify(data))
const decode = (data: unknown) =>
  data instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(data)) : (data as Record<string, unknown>)

const builds: [string, typeof Centrifuge, (data: unknown) => unknown][] = [
  ['JSON', Centrifuge, (data) => data],
  ['Protobuf', ProtobufCentrifuge as unknown as typeof Centrifuge, encode],
]

for (const [name, Client, data] of builds) {
  test(`the npm client in ${name}, then it creates, sends, sees, leaves and recovers`, async () => {
    const user = name.toLowerCase()
    const client = new Client(endpoint(), { token: await token(user), websocket: WebSocket, minReconnectDelay: 10 })
    const seen: PublicationContext[] = []
    client.on('publication', (context) => seen.push(context))
    client.connect()
    await client.ready(WAIT_MS)
    const made = decode((await client.rpc('room.create', data({ cid: 'n1', kind: 'group' }))).data)
    const channel = `room:${made.room}`
    await client.publish(channel, data({ text: 'published' }))
    const sent = decode((await client.rpc('message.send', data({ cid: 'n2', room: made.room, text: 'sent' }))).data)
    assert.equal(sent.seq, 3)
    const ofRoom = () => seen.filter((context) => context.channel === channel)
    await until(client, 'three events', () => (ofRoom().length === 3 ? true : undefined))
    assert.deepEqual(
      ofRoom().map(({ offset }) => Number(offset)),
      [1, 2, 3],
    )
    assert.deepEqual(
      ofRoom().map((context) => decode(context.data).text),
      [undefined, 'published', 'sent'],
    )
    client.disconnect()
    await here.world.messages(made.room as string, ['missed', 'both'])
    client.connect()
    await client.ready(WAIT_MS)
    await until(client, 'what was missed', () => (ofRoom().length === 5 ? true : undefined))
    assert.deepEqual(
      ofRoom().map(({ offset }) => Number(offset)),
      [1, 2, 3, 4, 5],
    )
    const page = await client.history(channel, { limit: 2, reverse: true })
    assert.deepEqual(
      page.publications.map(({ offset }) => Number(offset)),
      [5, 4],
    )
    await assert.rejects(client.rpc('no.such', data({})), { code: 104 })
    await assert.rejects(client.publish(channel, data({ text: '' })), { code: 107 })
    client.disconnect()
  })

  test(`the npm client in ${name} with a subscription of its own, then it recovers over a reconnect`, async () => {
    const room = `sub-${name.toLowerCase()}`
    await here.world.room(room, ['ann', 'sue'])
    const client = new Client(endpoint(), { token: await token('sue'), websocket: WebSocket, minReconnectDelay: 10 })
    const subscription = client.newSubscription(`room:${room}`, { recoverable: true, positioned: true })
    const seen: number[] = []
    subscription.on('publication', ({ offset }) => seen.push(Number(offset)))
    subscription.subscribe()
    client.connect()
    await subscription.ready(WAIT_MS)
    await here.world.messages(room, ['a', 'b'])
    const done = (last: number) =>
      within(
        WAIT_MS,
        new Promise<void>((resolve) => {
          const look = () => seen.at(-1) === last && resolve()
          subscription.on('publication', look)
          look()
        }),
        `publication ${last}`,
      )
    await done(3)
    client.disconnect()
    await here.world.messages(room, ['c', 'd'])
    client.connect()
    await done(5)
    assert.deepEqual(seen, [2, 3, 4, 5])
    client.disconnect()
  })
}

test('a token that expires at the npm client, then it fetches another and stays', async () => {
  const edge = await here.start()
  let fetched = 0
  const client = new Centrifuge(endpoint(edge.url), {
    token: await token('rea', { seconds: 2 }),
    websocket: WebSocket,
    getToken: async () => {
      fetched += 1
      return token('rea', { seconds: 600 })
    },
  })
  let ended = 0
  client.on('disconnected', () => {
    ended += 1
  })
  client.connect()
  await client.ready(WAIT_MS)
  const refreshed = Promise.withResolvers<void>()
  const asked = setInterval(() => fetched > 0 && refreshed.resolve(), 20)
  await within(WAIT_MS, refreshed.promise, 'the refresh')
  clearInterval(asked)
  assert.ok(await client.rpc('room.list', {}))
  assert.deepEqual([fetched, ended], [1, 0])
  client.disconnect()
})

test('an edge that goes away, then the npm client goes to another one and misses nothing', async () => {
  const first = await here.start({ clock: hurried(1) })
  const second = await here.start()
  await here.world.room('move', ['ann', 'tom'])
  let target = first
  const client = new Centrifuge([{ transport: 'websocket', endpoint: endpoint(first.url) }], {
    token: await token('tom'),
    websocket: class extends WebSocket {
      constructor() {
        super(endpoint(target.url))
      }
    },
    minReconnectDelay: 10,
  })
  const seen: number[] = []
  client.on('publication', ({ channel, offset }) => {
    if (channel === 'room:move') seen.push(Number(offset))
  })
  client.connect()
  await client.ready(WAIT_MS)
  target = second
  const stopping = first[Symbol.asyncDispose]()
  await here.world.messages('move', ['a', 'b', 'c'])
  await stopping
  await client.ready(WAIT_MS)
  await here.world.messages('move', ['d'])
  await until(client, 'all', () => (seen.length === 4 ? true : undefined))
  assert.deepEqual(seen, [2, 3, 4, 5])
  client.disconnect()
})

/** Length-prefixed JSON over plain TCP. */
class TcpClient implements Disposable {
  readonly frames: Frame[] = []
  isClosed = false
  readonly socket: Socket = connect(tcpPort, '127.0.0.1')
  readonly #waiting = new Set<() => void>()

  constructor() {
    const cut = new TcpFrames(2_000_000)
    this.socket.on('error', () => {})
    this.socket.on('data', (chunk) => {
      for (const frame of cut.push(chunk) ?? []) {
        for (const line of frame.toString().split('\n')) this.frames.push(JSON.parse(line))
      }
      for (const look of [...this.#waiting]) look()
    })
    this.socket.on('close', () => {
      this.isClosed = true
      for (const look of [...this.#waiting]) look()
    })
  }

  send(command: object | string): void {
    const frame = Buffer.from(typeof command === 'string' ? command : JSON.stringify(command))
    this.socket.write(Buffer.concat([frameHeader(frame), frame]))
  }

  until<T>(what: string, find: () => T | undefined): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    const look = () => {
      const found = find()
      if (found !== undefined) resolve(found)
    }
    this.#waiting.add(look)
    look()
    return within(WAIT_MS, promise, what)
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

test('length-prefixed frames over TCP, then the same commands and publications', async () => {
  await here.world.room('tcp', ['tcp'])
  using client = new TcpClient()
  const reply = (id: number) => client.until(`reply ${id}`, () => client.frames.find((frame) => frame.id === id))
  client.send({ id: 1, connect: { token: await token('tcp') } })
  assert.ok((await reply(1)).connect?.subs['room:tcp'])
  client.send({ id: 2, rpc: { method: 'message.send', data: { cid: 't', room: 'tcp', text: 'by TCP' } } })
  assert.equal((await reply(2)).rpc?.data.seq, 2)
  const push = await client.until('the push', () => client.frames.find(({ push }) => push?.pub))
  assert.deepEqual([push.push?.channel, push.push?.pub?.offset], ['room:tcp', 2])
  client.send('{"id":3,')
  const end = await client.until('the end', () => client.frames.find(({ push }) => push && 'disconnect' in push))
  assert.deepEqual(end.push, { disconnect: { code: 3501, reason: 'bad request' } })
  await client.until('hanging up', () => client.isClosed || undefined)
})

test('a TCP frame that announces too much, then the connection ends', async () => {
  using client = new TcpClient()
  client.socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]))
  const end = await client.until('the end', () => client.frames.find(({ push }) => push && 'disconnect' in push))
  assert.deepEqual(end.push, { disconnect: { code: 3505, reason: 'frame too large' } })
})
