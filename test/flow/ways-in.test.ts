import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { within } from '@switchboard/runtime/deadline'
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf'
import { api, type FlowSystem, flowSystem, historyOf, logIn, Person, range, WAIT_MS } from './flow-fixture.ts'

let flow: FlowSystem
before(async () => {
  flow = await flowSystem()
})
after(() => flow[Symbol.asyncDispose]())

type Frame = {
  id?: number
  connect?: { subs: Record<string, object> }
  error?: { code: number; message: string }
  push?: { channel: string; pub?: { offset?: number; data: { type: string; text?: string } } }
  rpc?: { data: Record<string, unknown> }
}

/** A WebSocket and JSON lines, as anybody could write them by hand. */
class Raw implements Disposable {
  readonly frames: Frame[] = []
  closed: number | undefined
  readonly #socket: WebSocket
  readonly #waiting = new Set<() => void>()
  readonly #open: Promise<void>

  constructor(url: string) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`)
    this.#open = new Promise((resolve) => this.#socket.addEventListener('open', () => resolve()))
    this.#socket.addEventListener('message', ({ data }) => {
      for (const line of String(data).split('\n')) {
        const frame = JSON.parse(line)
        if (Object.keys(frame).length === 0) this.#socket.send('{}')
        else this.frames.push(frame)
      }
      this.#wake()
    })
    this.#socket.addEventListener('close', ({ code }) => {
      this.closed = code
      this.#wake()
    })
  }

  async send(...frames: (object | string)[]): Promise<void> {
    await this.#open
    this.#socket.send(frames.map((frame) => (typeof frame === 'string' ? frame : JSON.stringify(frame))).join('\n'))
  }

  async until<T>(what: string, find: () => T | undefined): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    const look = () => {
      const found = find()
      if (found !== undefined) resolve(found)
    }
    this.#waiting.add(look)
    look()
    const found = await within(WAIT_MS, promise, what)
    this.#waiting.delete(look)
    return found
  }

  reply(id: number): Promise<Frame> {
    return this.until(`the reply to ${id}`, () => this.frames.find((frame) => frame.id === id))
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }

  #wake(): void {
    for (const look of this.#waiting) look()
  }
}

test('JSON lines by hand, the Protobuf client and the JSON client in one room, then all see the same', async () => {
  const tokens = await Promise.all(['ada', 'grace', 'edsger'].map((user) => logIn(flow.url, user)))
  using ada = await new Person(flow.url, tokens[0] ?? '').connect()
  using grace = await new Person(
    flow.url,
    tokens[1] ?? '',
    (endpoint, token) => new ProtobufCentrifuge(endpoint, { token, websocket: WebSocket }) as never,
  ).connect()
  using edsger = new Raw(flow.url)
  await edsger.send({ id: 1, connect: { token: tokens[2] } })
  assert.ok((await edsger.reply(1)).connect)
  const { room } = await ada.rpc<{ room: string }>('room.create', {
    cid: 'r',
    kind: 'group',
    members: ['grace', 'edsger'],
  })
  const channel = `room:${room}`
  await edsger.until('the subscription', () => edsger.frames.find((frame) => frame.push?.channel === channel))
  await edsger.send(
    { id: 2, rpc: { method: 'message.send', data: { cid: 'e1', room, text: 'by hand' } } },
    { id: 3, publish: { channel, data: { text: 'published' } } },
  )
  assert.equal((await edsger.reply(2)).rpc?.data.seq, 2)
  await edsger.reply(3)
  const encoded = new TextEncoder().encode(JSON.stringify({ cid: 'g1', room, text: 'in Protobuf' }))
  await grace.client.rpc('message.send', encoded)
  await ada.until('three messages', () => ada.messages(channel).length === 3)
  const byHand = await edsger.until('three messages', () => {
    const pubs = edsger.frames.flatMap(({ push }) => (push?.channel === channel && push.pub?.offset ? [push.pub] : []))
    return pubs.length === 4 ? pubs : undefined
  })
  assert.deepEqual(
    byHand.map(({ offset }) => offset),
    range(1, 4),
  )
  assert.deepEqual(
    byHand.map(({ data }) => data.text),
    ada.events(channel).map(({ text }) => text),
  )
  assert.deepEqual(
    ada.messages(channel).map(({ text }) => text),
    ['by hand', 'published', 'in Protobuf'],
  )
})

test('two edges, then people at either see each other, and one who was removed nothing more', async () => {
  const other = await flow.system.add('edge')
  const tokens = await Promise.all(['nina', 'otto'].map((user) => logIn(flow.url, user)))
  using nina = await new Person(flow.url, tokens[0] ?? '').connect()
  using otto = await new Person(other.url, tokens[1] ?? '').connect()
  const { room } = await nina.rpc<{ room: string }>('room.create', { cid: 'r2', kind: 'group', members: ['otto'] })
  const channel = `room:${room}`
  await otto.until('otto is in', () => otto.subscribed.some((s) => s.channel === channel))
  await nina.rpc('message.send', { cid: 'n', room, text: 'from the first edge' })
  await otto.rpc('message.send', { cid: 'o', room, text: 'from the second edge' })
  for (const person of [nina, otto]) await person.until('both', () => person.messages(channel).length === 2)
  const deadline = performance.now() + WAIT_MS
  const online = async () => (await nina.rpc<{ online: string[] }>('room.online', { room })).online.sort().join()
  while ((await online()) !== 'nina,otto') assert.ok(performance.now() < deadline, 'they never were both online')
  await otto.rpc('room.typing', { room })
  await nina.until('typing', () =>
    nina.signals.some((s) => s.channel === channel && s.type === 'typing' && s.user === 'otto'),
  )
  await nina.rpc('room.remove', { cid: 'x', room, user: 'otto' })
  await otto.until('the removal', () => otto.events(`user:otto`).some(({ type }) => type === 'room.removed'))
  await nina.rpc('message.send', { cid: 'n2', room, text: 'a secret' })
  await nina.until('the secret', () => nina.messages(channel).length === 3)
  const foreign = await api(other.url, { path: `/v1/rooms/${room}/events`, token: tokens[1] ?? '' })
  assert.deepEqual([foreign.status, foreign.body.error.code], [403, 'not_a_member'])
  assert.equal(otto.messages(channel).length, 2)
})

test('bad input of every kind, then a coded error with the field, the connection lives, nothing is stored', async () => {
  const token = await logIn(flow.url, 'mallory')
  const foreign = await new Person(flow.url, await logIn(flow.url, 'victim')).connect()
  const { room: hidden } = await foreign.rpc<{ room: string }>('room.create', { cid: 'v', kind: 'group' })
  using raw = new Raw(flow.url)
  await raw.send({ id: 1, connect: { token } })
  await raw.reply(1)
  await raw.send({ id: 2, rpc: { method: 'room.create', data: { cid: 'own', kind: 'group' } } })
  const room = String((await raw.reply(2)).rpc?.data.room)
  const send = (data: object) => ({ method: 'message.send', data: { cid: 'c', room, text: 'x', ...data } })
  const wrong: [object, RegExp][] = [
    [{ method: 'no.such', data: {} }, /method_not_found method/],
    [send({ room: { $gt: '' } }), /bad_request room/],
    [send({ room: `${room}.*` }), /bad_request room/],
    [send({ room: '>' }), /bad_request room/],
    [send({ room: '*' }), /bad_request room/],
    [send({ text: '' }), /bad_request text/],
    [send({ text: '   ' }), /bad_request text/],
    [send({ text: 7 }), /bad_request text/],
    [send({ text: 'x'.repeat(8_001) }), /too_large text/],
    [send({ text: 'nul\u0000' }), /bad_request text/],
    [send({ cid: { $ne: null } }), /bad_request cid/],
    [send({ surprise: 1 }), /bad_request surprise/],
    [{ method: 'message.send', data: { room, text: 'no cid' } }, /bad_request cid/],
    [send({ room: hidden }), /not_a_member room/],
    [{ method: 'room.add', data: { cid: 'a', room, user: 'bad.user' } }, /bad_request user/],
    [{ method: 'room.history', data: { room: hidden } }, /not_a_member room/],
    [{ method: 'mark.read', data: { room, seq: -1 } }, /bad_request seq/],
  ]
  let id = 10
  for (const [rpc, expected] of wrong) {
    id += 1
    await raw.send({ id, rpc })
    assert.match((await raw.reply(id)).error?.message ?? 'no error', expected, JSON.stringify(rpc).slice(0, 120))
  }
  await raw.send(
    { id: 90, subscribe: { channel: `room:${hidden}` } },
    { id: 91, publish: { channel: 'user:victim', data: {} } },
  )
  assert.match((await raw.reply(90)).error?.message ?? '', /not_a_member/)
  assert.match((await raw.reply(91)).error?.message ?? '', /permission_denied/)
  assert.equal(raw.closed, undefined)
  await raw.send({ id: 99, rpc: send({ cid: 'good', text: 'still alive' }) })
  assert.equal((await raw.reply(99)).rpc?.data.seq, 2)
  assert.deepEqual(
    (await historyOf(flow.url, token, room)).map(({ text }) => text),
    [undefined, 'still alive'],
  )
  foreign[Symbol.dispose]()
})

test('a frame above its limit, then an error that says so, and the connection lives', async () => {
  using raw = new Raw(flow.url)
  await raw.send({ id: 1, connect: { token: await logIn(flow.url, 'writer') } })
  await raw.reply(1)
  const huge = { method: 'message.send', data: { cid: 'c', room: 'r', text: 'x'.repeat(100_000) } }
  await raw.send({ id: 2, rpc: huge })
  assert.match((await raw.reply(2)).error?.message ?? '', /too_large text/)
  await raw.send({ id: 3, rpc: { method: 'room.list', data: {} } })
  assert.deepEqual((await raw.reply(3)).rpc?.data, { rooms: [] })
})

test('what breaks the protocol itself, then the connection ends with its code', async () => {
  using raw = new Raw(flow.url)
  await raw.send({ id: 1, connect: { token: await logIn(flow.url, 'breaker') } })
  await raw.reply(1)
  await raw.send('this is no JSON')
  assert.equal(await raw.until('the close', () => raw.closed), 3501)
})

test('an expired and a foreign token, then refused before anything else', async () => {
  for (const token of ['garbage', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.']) {
    using raw = new Raw(flow.url)
    await raw.send({ id: 1, connect: { token } })
    const refused = await raw.until(
      'the refusal',
      () => raw.closed ?? raw.frames.find((frame) => frame.error)?.error?.code,
    )
    assert.ok([101, 3500].includes(refused), `${refused}`)
    const { status, body } = await api(flow.url, { path: '/v1/rooms', token })
    assert.deepEqual([status, body.error.code], [401, 'unauthorized'])
  }
})
