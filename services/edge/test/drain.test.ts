import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ReplyRecord } from '@switchboard/contracts/records'
import { type Stage, stage, token } from './edge-fixture.ts'
import { eventually } from './eventually.ts'
import { RawClient } from './raw-client.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

const CLIENTS = 200
const ROOMS = 10
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

interface Guest {
  readonly user: string
  readonly room: string
  readonly client: RawClient
  closedAt: number
}

/** Sends one message after the other until the connection has ended; then the last one must have an answer, too. */
async function chat({ user, room, client }: Guest): Promise<{ sent: number; done: number; refused: number }> {
  const counts = { sent: 0, done: 0, refused: 0 }
  while (!client.closed) {
    counts.sent += 1
    const cid = `${user}-${counts.sent}`
    const params = { cid, room, text: cid }
    client.socket.send(JSON.stringify({ id: 1_000 + counts.sent, rpc: { method: 'message.send', data: params } }))
    const id = 1_000 + counts.sent
    const reply = await client.until(
      'a reply or the end',
      () => client.frames.find((frame) => frame.id === id) ?? (client.closed && 'ended'),
    )
    if (reply === 'ended') break
    if (reply.rpc) counts.done += 1
    else if (reply.error?.code === 407) counts.refused += 1
    else assert.fail(JSON.stringify(reply))
  }
  return counts
}

test('an edge that stops under traffic, then nothing that it took is left open, all are sent away at different times, and go on at another', async () => {
  const edge = await here.start()
  const users = range(CLIENTS).map((i) => `g${i}`)
  for (const r of range(ROOMS))
    await here.world.room(
      `r${r}`,
      users.filter((_, i) => i % ROOMS === r),
    )
  const guests: Guest[] = await Promise.all(
    users.map(async (user, i) => {
      const client = await RawClient.connected(edge.url, await token(user))
      const guest = { user, room: `r${i % ROOMS}`, client, closedAt: 0 }
      client.socket.once('close', () => {
        guest.closedAt = performance.now()
      })
      return guest
    }),
  )
  const chats = guests.map(chat)
  await eventually(
    'traffic',
    async () => here.world.commands.length,
    (count) => count > CLIENTS * 3,
  )
  const began = performance.now()
  await edge[Symbol.asyncDispose]()
  const counts = await Promise.all(chats)
  for (const { client } of guests) assert.deepEqual(client.closed, { code: 3001, reason: 'shutdown' })

  // Each command that reached the world was answered to whoever sent it, save those that met the close frame on their way.
  const taken = new Set(here.world.commands.map(({ command }) => command.cid))
  const unanswered = guests.filter(({ user }, i) => {
    const { sent = 0, done = 0, refused = 0 } = counts[i] ?? {}
    return sent > done + refused && taken.has(`${user}-${sent}`)
  })
  assert.deepEqual(
    unanswered.map(({ user }) => user),
    [],
  )
  const times = new Set(guests.map(({ closedAt }) => Math.round((closedAt - began) / 20)))
  assert.ok(times.size >= 20, `${times.size} different times`)

  await Promise.all(guests.map(recoversAt(here.edge.url)))
})

/** At the other edge a guest gets what it has not seen, and nothing twice. */
const recoversAt =
  (url: string) =>
  async ({ user, room, client }: Guest) => {
    const channel = `room:${room}`
    const seen = client.offsets(channel)
    const first = client.frames[0]?.connect?.subs[channel]
    const offset = seen.at(-1) ?? first?.offset
    using back = await RawClient.connected(url, await token(user), {
      [channel]: { recover: true, offset, epoch: first?.epoch },
    })
    const sub = back.frames[0]?.connect?.subs[channel]
    assert.equal(sub?.recovered, true)
    const all = [...seen, ...(sub?.publications ?? []).map((publication) => publication.offset)]
    const from = (first?.offset ?? 0) + 1
    assert.deepEqual(
      all,
      range((sub?.offset ?? 0) - from + 1).map((i) => from + i),
    )
  }

test('an edge that stops while a router is slow, then the answer comes before the end, and what is new is refused as not done', async () => {
  const edge = await here.start({ env: { DRAIN_SECONDS_MAX: '0' } })
  await here.world.room('slow', ['ann'])
  using ann = await RawClient.connected(edge.url, await token('ann'))
  const { promise, resolve } = Promise.withResolvers<ReplyRecord>()
  here.world.answer = () => promise
  const sending = ann.rpc('message.send', { cid: 'slow', room: 'slow', text: 'x' })
  const headers = { authorization: `Bearer ${await token('ann')}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ cid: 'http', text: 'x' })
  const posting = fetch(`${edge.url}/v1/rooms/slow/messages`, { method: 'POST', headers, body })
  await eventually(
    'both under way',
    async () => here.world.commands.filter(({ room }) => room === 'slow'),
    ({ length }) => length === 2,
  )
  const stopping = edge[Symbol.asyncDispose]()
  const late = await eventually(
    'refused',
    () => ann.rpc('message.send', { cid: 'late', room: 'slow', text: 'x' }),
    ({ error }) => error !== undefined,
  )
  assert.deepEqual([late.error?.code, late.error?.temporary], [407, true])
  await here.world.messages('slow', ['still subscribed'])
  await ann.until('what happens meanwhile', () => ann.offsets('room:slow').length === 1)
  assert.equal(ann.closed, undefined)
  here.world.answer = null
  resolve({ r: 0, ok: { seq: 7, at: 1 } })
  assert.deepEqual((await sending).rpc?.data, { seq: 7, at: 1 })
  assert.equal((await posting).status, 200)
  assert.deepEqual(await ann.ended(), { code: 3001, reason: 'shutdown' })
  await stopping
  assert.equal(
    here.world.commands.some(({ command }) => command.cid === 'late'),
    false,
  )
})

test('an edge that stops, then metrics say how many were sent away and for how long', async () => {
  const edge = await here.start()
  const clients = await Promise.all(range(50).map(async (i) => RawClient.connected(edge.url, await token(`m${i}`))))
  const stopping = edge[Symbol.asyncDispose]()
  await Promise.all(clients.map((client) => client.ended()))
  assert.equal(await edge.metric('switchboard_edge_drained_total'), 50)
  assert.ok((await edge.metric('switchboard_edge_drain_seconds')) > 0.05)
  assert.equal(await edge.metric('switchboard_edge_closes_total', 'reason="shutdown"'), 50)
  await stopping
})
