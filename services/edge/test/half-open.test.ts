import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { systemClock } from '../src/clock.ts'
import { type Stage, stage, token } from './edge-fixture.ts'
import { eventually } from './eventually.ts'
import { RawClient } from './raw-client.ts'
import { frame, OPCODE, RawSocket, upgrade } from './raw-socket.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

/** A network in the way that can swallow everything, the ends of connections too. */
async function network(url: string) {
  const { hostname, port } = new URL(url)
  const sockets: Socket[] = []
  let isGone = false
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.push(from)
      from.on('error', () => {})
      from.on('data', (chunk) => {
        if (!isGone) to.write(chunk)
      })
      from.on('end', () => {
        if (!isGone) to.end()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${address.port}`,
    vanish: () => {
      isGone = true
    },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('a client that vanishes without a word, then it is noticed by its missing pong, and nobody else is', async () => {
  const PING_SECONDS = 2
  const edge = await here.start({ env: { PING_SECONDS: String(PING_SECONDS) } })
  using way = await network(edge.url)
  await here.world.room('h1', ['van', 'amy'])
  const vanishing = await RawClient.connected(way.url, await token('van'))
  using staying = await RawClient.connected(edge.url, await token('amy'))
  const since = performance.now()
  way.vanish()
  vanishing.socket.terminate()
  const closes = () => edge.metric('switchboard_edge_closes_total', 'reason="no_pong"')
  await eventually('noticed', closes, (count) => count === 1)
  const seconds = (performance.now() - since) / 1_000
  assert.ok(seconds > 0.5, 'not by the end of its connection')
  assert.equal(await edge.metric('switchboard_edge_connections'), 1)
  await staying.until('two more pings', () => staying.pings >= 2)
  assert.equal(staying.closed, undefined)
})

/** Sends one byte after the other, slowly, until the other side hangs up. @returns after how many seconds that was. */
async function dribble(raw: RawSocket, head: string | Buffer, rest: string): Promise<number> {
  const began = performance.now()
  raw.write(head)
  let at = 0
  const stop = systemClock.every(200, () => {
    raw.write(rest[at % rest.length] ?? '')
    at += 1
  })
  try {
    await raw.ended()
  } finally {
    stop()
  }
  return (performance.now() - began) / 1_000
}

test('heads and bodies that dribble in, and connections that say nothing, then each is ended at its deadline, and a whole one is served', async () => {
  const post =
    'POST /v1/login HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n'
  using upgrading = new RawSocket(here.edge.url)
  using posting = new RawSocket(here.edge.url)
  using mute = new RawSocket(here.edge.url)
  using whole = new RawSocket(here.edge.url)
  whole.write(upgrade())
  await whole.until('open', () => whole.status === 101)
  const slack = 3
  const [head, body, silence] = await Promise.all([
    dribble(upgrading, upgrade().trimEnd(), '\r\nX-More: and more'),
    dribble(posting, post, ' '),
    dribble(mute, '', ''),
  ])
  for (const [seconds, most] of [
    [head, MAX.headSeconds],
    [body, MAX.requestSeconds],
    [silence, MAX.headSeconds],
  ] as const) {
    assert.ok(seconds >= most - 1 && seconds <= most + slack, `${seconds} s, and ${most} s are allowed`)
  }
  await whole.until('its own deadline, for the connect command', () => whole.closeCode === 3014)
})

test('a frame that dribbles in, then its sender is ended like anybody who is not there', async () => {
  const edge = await here.start({ env: { PING_SECONDS: '2' } })
  using raw = await RawSocket.upgraded(edge.url)
  raw.write(frame(OPCODE.text, JSON.stringify({ id: 1, connect: { token: await token('ann') } })))
  await raw.until('the connect reply', () => raw.received.includes('"connect"'))
  const whole = frame(OPCODE.text, ' '.repeat(60_000))
  await dribble(raw, whole.subarray(0, 100), ' ')
  assert.equal(await edge.metric('switchboard_edge_closes_total', 'reason="no_pong"'), 1)
})
