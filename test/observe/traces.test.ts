import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { within } from '@switchboard/runtime/deadline'
import { startPushServers } from '@switchboard/testkit/push-servers'
import { Centrifuge } from 'centrifuge'
import { api, flowSystem, logIn, Person, WAIT_MS } from '../flow/flow-fixture.ts'
import { type SeenSpan, startCollector } from './collector.ts'
import { subtree, treeOf, waterfall } from './span-tree.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const OTHER = '5cf92f3577b34da6a3ce929d0e0e4736'
const CLIENT = '00f067aa0ba902b7'
const BURST = 40
/** By which the phone knows it from the message before, of which it is told, too. */
const TEXT = 'are you there?'

/** A Centrifuge client that says in its connect command which span it belongs to. */
const tracedBy = (trace: string) => (endpoint: string, token: string) =>
  new Centrifuge(endpoint, { token, websocket: WebSocket, headers: { traceparent: `00-${trace}-${CLIENT}-01` } })

/** Everything of a message's way, below the span of the client that it belongs to. */
const EXPECTED = [
  'edge: edge.command message.send',
  '  router: router.command message.send',
  '    router: router.commit',
  '      edge: edge.fanout',
  '      edge: edge.fanout',
  '      notifier: notifier.plan',
  '        notifier: notifier.push apns',
  '          notifier: notifier.send apns',
  '        notifier: query.ask push.recipients',
  '          storage: query.answer push.recipients',
  '      storage: storage.entry',
  '        storage: storage.bulk',
]

/** Sorted at each step, as what happens at the same time has no order. */
function sortedTree(lines: readonly string[]): string[] {
  const blocks: string[][] = []
  for (const line of lines) {
    if (!line.startsWith('  ')) blocks.push([line])
    else blocks.at(-1)?.push(line.slice(2))
  }
  return blocks
    .map(([head = '', ...rest]) => [head, ...sortedTree(rest).map((line) => `  ${line}`)])
    .sort((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1))
    .flat()
}

async function startAll() {
  await using stack = new AsyncDisposableStack()
  const collector = stack.use(await startCollector())
  const { promise: shown, resolve } = Promise.withResolvers<void>()
  const phones = stack.use(await startPushServers({ onPush: ({ body }) => body.includes(TEXT) && resolve() }))
  const logDir = mkdtempSync(join(tmpdir(), 'switchboard-traced-'))
  stack.defer(() => rmSync(logDir, { recursive: true, force: true }))
  const flow = stack.use(
    await flowSystem({
      logDir,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LOG_LEVEL: 'debug' },
      // By dice nothing is traced: what the collector gets is what the clients of this test ask for.
      serviceEnv: { edge: { TRACES_PER_THOUSAND: '0', TRACES_OF_CLIENTS: 'true' }, notifier: phones.settings },
    }),
  )
  const all = stack.move()
  return { flow, phones, collector, logDir, shown, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

type All = Awaited<ReturnType<typeof startAll>>

/** A room of both, and bob with a phone, connected to an edge of his own and not looking. */
async function meet({ flow, phones }: All) {
  const [aliceToken = '', bobToken = ''] = await Promise.all(['alice', 'bob'].map((user) => logIn(flow.url, user)))
  const device = { method: 'PUT', path: '/v1/devices/phone', token: bobToken, body: phones.device.apns() }
  assert.equal((await api(flow.url, device)).status, 204)
  const { url } = await flow.system.add('edge')
  const alice = await new Person(flow.url, aliceToken).connect()
  const made = { cid: 'traced', kind: 'group', title: 'Traced', members: ['bob'] }
  const { room } = await alice.rpc<{ room: string }>('room.create', made)
  const bob = await new Person(url, bobToken).connect()
  await bob.rpc('presence.set', { state: 'background' })
  // Both edges have heard of the room, and the router and storage have it in memory.
  await alice.rpc('message.send', { cid: 'untraced', room, text: 'nobody traces this' })
  for (const person of [alice, bob])
    await person.until('the first message', () => person.messages(`room:${room}`).length === 1)
  await alice.rpc('mark.read', { room, seq: 1 })
  return { room, alice, bob, aliceToken, bobToken, bobUrl: url }
}

/** Sends side by side from two connections, each with a trace of its own. */
async function burst(flow: All['flow'], met: Awaited<ReturnType<typeof meet>>): Promise<void> {
  using one = await new Person(flow.url, met.aliceToken, tracedBy(OTHER)).connect()
  using two = await new Person(met.bobUrl, met.bobToken, tracedBy(OTHER.replace('5c', '6c'))).connect()
  const send = (person: Person, i: number) =>
    person.rpc('message.send', { cid: `burst-${i}-${person === one}`, room: met.room, text: `${i}` })
  await Promise.all(Array.from({ length: BURST }, (_, i) => [send(one, i), send(two, i)]).flat())
}

/** Everything that one thing stands for is linked to it, and it to them: of commits their commands, of bulks their entries. */
function checkBatches(spans: readonly SeenSpan[], batch: string, part: string): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const gathered = spans.filter(({ name, links }) => name === batch && links.length > 0)
  assert.ok(gathered.length > 0, `no ${batch} stands for several`)
  for (const { spanId, parentSpanId, links } of gathered) {
    for (const { spanId: other } of links) {
      const linked = byId.get(other)
      assert.ok(linked?.name.startsWith(part), `${batch} is linked to ${linked?.name}`)
      assert.ok(linked?.links.some((back) => back.spanId === spanId))
    }
    assert.ok(byId.get(parentSpanId)?.name.startsWith(part))
  }
}

function checkLogs(logDir: string): void {
  const lines = readdirSync(logDir)
    .filter((file) => file.startsWith('notifier'))
    .flatMap((file) => readFileSync(join(logDir, file), 'utf8').split('\n'))
    .filter((line) => line.includes('push attempted') && line.includes(TRACE))
    .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as { trace_id: string; span_id: string })
  assert.equal(lines.length, 1)
  assert.equal(lines[0]?.trace_id, TRACE)
}

test('a message from alice to bob, traced by her client, is one trace in the collector: edge, router, log, both edges, storage, phone', async () => {
  await using all = await startAll()
  const { flow, collector, logDir, shown } = all
  const met = await meet(all)
  const traced = await new Person(flow.url, met.aliceToken, tracedBy(TRACE)).connect()
  await traced.rpc('message.send', { cid: 'the-one', room: met.room, text: TEXT })
  await met.bob.until('the message', () => met.bob.messages(`room:${met.room}`).length === 2)
  await within(WAIT_MS, shown, 'the phone')
  await burst(flow, met)
  for (const person of [traced, met.alice, met.bob]) person[Symbol.dispose]()
  for (const process of [...flow.system.processes].reverse()) await process.stop()
  checkLogs(logDir)

  const spans = await collector.finish()
  const isMessage = ({ traceId, name }: SeenSpan) => traceId === TRACE && name === 'edge.command message.send'
  const sent = subtree(spans, spans.find(isMessage) ?? assert.fail('the message was not traced'))
  console.log(`\n${waterfall(sent, CLIENT)}\n`)
  assert.deepEqual(sortedTree(treeOf(sent, CLIENT)), sortedTree(EXPECTED))
  assert.deepEqual(
    sent.filter(({ hasFailed }) => hasFailed).map(({ name }) => name),
    [],
  )
  const { attributes } = sent.find(({ name }) => name === 'router.commit') ?? assert.fail()
  assert.deepEqual(attributes, { entity: `room:${met.room}`, events: 1, first: 3, outcome: 'stored' })
  const fanouts = sent.filter(({ name }) => name === 'edge.fanout')
  assert.ok(fanouts.every(({ attributes: { sockets, first } }) => first === 3 && Number(sockets) >= 1))
  checkBatches(spans, 'router.commit', 'router.command')
  checkBatches(spans, 'storage.bulk', 'storage.entry')
  const traces = new Set(spans.map(({ traceId }) => traceId))
  assert.deepEqual([...traces].sort(), [TRACE, OTHER, OTHER.replace('5c', '6c')].sort(), 'nothing else was traced')
})
