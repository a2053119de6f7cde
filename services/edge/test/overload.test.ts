import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { type MeteredEdge, type Stage, stage, token } from './edge-fixture.ts'
import { eventually } from './eventually.ts'
import { proxyTo } from './nats-proxy.ts'
import { RawClient } from './raw-client.ts'
import { RawSocket } from './raw-socket.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

const refusals = (edge: MeteredEdge, way: string, cause: string) =>
  edge.metric('switchboard_edge_admission_refusals_total', `way="${way}",cause="${cause}"`)

async function upgradeStatus(url: string): Promise<number> {
  using raw = await RawSocket.upgraded(url)
  if (raw.status === 503) assert.match(raw.received.toString(), /\r\nretry-after: [1-5]\r\n/i)
  return raw.status
}

test('NATS away for longer than an election takes, then nobody new is taken, those who are here stay, and all is well after it', async () => {
  using proxy = await proxyTo(here.servers.natsUrl)
  const edge = await here.start({ natsUrl: proxy.url })
  await here.world.room('o1', ['ann'])
  using ann = await RawClient.connected(edge.url, await token('ann'))
  const api = async () => {
    const headers = { authorization: `Bearer ${await token('ann')}` }
    return fetch(`${edge.url}/v1/rooms`, { headers })
  }
  assert.equal(await upgradeStatus(edge.url), 101)
  proxy.cut()
  assert.equal(await upgradeStatus(edge.url), 101, 'a blip is none of anybody’s business')
  await eventually(
    'refused',
    () => upgradeStatus(edge.url),
    (status) => status === 503,
  )
  assert.ok((await refusals(edge, 'connection', 'nats')) >= 1)
  const refused = await api()
  assert.equal(refused.status, 503)
  assert.match(refused.headers.get('retry-after') ?? '', /^[1-5]$/)
  assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'unavailable')
  assert.equal(await refusals(edge, 'request', 'nats'), 1)
  const before = here.world.commands.length
  const { error } = await ann.rpc('message.send', { cid: 'a', room: 'o1', text: 'x' })
  assert.deepEqual([error?.code, error?.temporary], [407, true], 'refused at once, and nothing was sent')
  assert.ok((await ann.call({ ping: {} })).ping)
  proxy.join()
  await eventually(
    'taken again',
    () => upgradeStatus(edge.url),
    (status) => status === 101,
  )
  assert.ok((await ann.rpc('message.send', { cid: 'b', room: 'o1', text: 'x' })).rpc)
  assert.deepEqual(
    here.world.commands.slice(before).map(({ command }) => command.cid),
    ['b'],
  )
  assert.equal((await api()).status, 200)
})

test('a process that is late with everything, then nobody new is taken until it is not', async () => {
  const edge = await here.start()
  let isBusy = true
  let turns = 0
  const spin = () => {
    // In the turns between, what came in is handled: timers are late, and still the client gets its answer.
    const until = performance.now() + (turns % 10 === 0 ? MAX.loopLagMs * 1.1 : 0)
    turns += 1
    while (performance.now() < until);
    if (isBusy) setImmediate(spin)
  }
  spin()
  try {
    await eventually(
      'refused',
      () => upgradeStatus(edge.url),
      (status) => status === 503,
    )
    assert.ok((await refusals(edge, 'connection', 'lag')) >= 1)
    assert.equal((await fetch(`${edge.url}/v1/rooms`)).status, 503)
  } finally {
    isBusy = false
  }
  await eventually(
    'taken again',
    () => upgradeStatus(edge.url),
    (status) => status === 101,
  )
})

test('requests to the API, then they are counted while they are answered, and no longer', async () => {
  const edge = await here.start()
  const headers = { authorization: `Bearer ${await token('ann')}` }
  here.world.answer = () => new Promise(() => {})
  const sends = Array.from({ length: 3 }, (_, i) =>
    fetch(`${edge.url}/v1/rooms/o1/messages`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ cid: `w${i}`, text: 'x' }),
    }),
  )
  await eventually(
    'under way',
    () => edge.metric('switchboard_edge_api_requests'),
    (count) => count === 3,
  )
  const statuses = (await Promise.all(sends)).map(({ status }) => status)
  here.world.answer = null
  assert.deepEqual([...new Set(statuses)], [504])
  await eventually(
    'none under way',
    () => edge.metric('switchboard_edge_api_requests'),
    (count) => count === 0,
  )
})
