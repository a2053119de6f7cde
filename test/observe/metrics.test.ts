import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { METRICS } from '@switchboard/contracts/metrics'
import { startPushServers } from '@switchboard/testkit/push-servers'
import { startWebhookReceiver } from '@switchboard/testkit/webhook-receiver'
import { DASHBOARDS } from '../../tools/charts/dashboards.ts'
import { api, flowSystem, WAIT_MS } from '../flow/flow-fixture.ts'
import { CALM } from './calm.ts'
import { startCollector } from './collector.ts'
import { type Prometheus, startPrometheus, type Target } from './prometheus.ts'
import { KEY, makeTraffic } from './traffic.ts'

const stack = new AsyncDisposableStack()
let prometheus: Prometheus
let rules = 0
const usedReasons = new Set<string>()

/** What an exporter beside NATS said, recorded from a real one. It is not to be had as a module. */
async function recordedNats(): Promise<Target> {
  const text = readFileSync(new URL('nats-exporter.txt', import.meta.url), 'utf8')
  const server = createServer((_request, response) => response.end(text))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  stack.defer(() => void server.close())
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    labels: { namespace: 'nats', pod: 'nats-0' },
  }
}

/** The alerts of the chart, which puts them into its PrometheusRule as they are: test/charts sees to that. */
function rulesOfChart(): string {
  const folder = new URL('../../helm/switchboard/files/alerts/', import.meta.url)
  const files = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8').trimEnd())
  rules = files.length
  const items = files.map((text) => `      - ${text.replaceAll('\n', '\n        ')}`)
  return ['groups:', '  - name: switchboard', '    rules:', ...items, ''].join('\n')
}

async function untilTrue(what: string, expression: string): Promise<void> {
  const until = performance.now() + WAIT_MS
  while ((await prometheus.query(expression)).length === 0)
    assert.ok(performance.now() < until, `Prometheus does not see ${what}`)
}

before(async () => {
  const collector = stack.use(await startCollector())
  const phones = stack.use(await startPushServers({ onPush: () => {} }))
  const receiver = stack.use(await startWebhookReceiver())
  const flow = stack.use(
    await flowSystem({
      env: { API_KEYS: KEY, WEBHOOK_HOSTS: receiver.host, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      serviceEnv: { notifier: phones.settings, edge: { EDGE_WORKERS: '2', TRACES_PER_THOUSAND: '1000' } },
    }),
  )
  const targets = flow.system.processes.map(({ label, operatorUrl }) => ({
    address: new URL(operatorUrl).host,
    labels: { namespace: 'chat', pod: label },
  }))
  prometheus = stack.use(await startPrometheus([...targets, await recordedNats()], rulesOfChart()))
  // What only grows has a rate when it was seen before and after.
  await untilTrue('all of them', `count(up == 1) == ${targets.length + 1}`)
  const hook = { method: 'PUT', path: '/v1/webhooks/all', headers: { 'x-api-key': KEY }, body: { url: receiver.url } }
  assert.equal((await api(flow.url, hook)).status, 201)
  await makeTraffic(flow, phones)
  await untilTrue('a push', 'sum(switchboard_notifier_push_seconds_count) >= 2')
  await untilTrue('a webhook', 'sum(switchboard_notifier_webhook_seconds_count) >= 1')
  await untilTrue('the desk', 'sum(switchboard_router_desk_wait_seconds_count) >= 1')
  await untilTrue('the traces', 'sum(rate(switchboard_process_spans_total{outcome="sent"}[1m])) > 0')
  // What was counted for the first time has a rate from its second look on: from the last of these, not from the traffic, after which
  // pushes wait for some seconds.
  const ended = Date.now() / 1_000
  await untilTrue('the end twice', `min(timestamp(up)) > ${ended + 3}`)
})
after(() => stack.disposeAsync())

/** Why an expression may find nothing now. */
function reasonFor(expression: string): string | undefined {
  const found = CALM.find(({ finds }) => finds.test(expression))
  if (found) usedReasons.add(found.reason)
  return found?.reason
}

for (const { title, rows } of DASHBOARDS) {
  test(`${title}: every panel, asked of Prometheus in traffic, shows something or says why not`, async () => {
    const empty: string[] = []
    for (const panel of rows.flatMap((row) => row.panels))
      for (const query of Object.values(panel.queries)) {
        const found = await prometheus.query(query.replaceAll('$namespace', '.*'))
        if (found.length === 0 && reasonFor(query) === undefined) empty.push(`${panel.title}: ${query}`)
      }
    assert.deepEqual(empty, [])
  })
}

/** An alert is quiet as long as all is well: what stands left of its last comparison must be there. */
const measured = (expression: string): string => expression.replace(/\s(>|<|>=|==)\s[^<>=]*$/, '')

test('alerts, each of them, are evaluated by Prometheus without an error, and what they watch is there', async () => {
  const states = await prometheus.rules()
  assert.equal(states.length, rules)
  const blind: string[] = []
  for (const { name, query, health, lastError } of states) {
    assert.equal(health, 'ok', `${name}: ${lastError}`)
    assert.notEqual(measured(query), query)
    const found = await prometheus.query(measured(query))
    if (found.length === 0 && reasonFor(query) === undefined) blind.push(`${name}: ${measured(query)}`)
  }
  assert.deepEqual(blind, [])
})

test('metrics, all that are declared, are told by a real process, also while they have no value', async () => {
  const names = await prometheus.names()
  assert.deepEqual(
    Object.keys(METRICS).filter((name) => !names.has(name)),
    [],
  )
})

test('reasons for an empty panel, each of them, are still needed', () => {
  assert.deepEqual(
    CALM.filter(({ reason }) => !usedReasons.has(reason)).map(({ reason }) => reason),
    [],
  )
})
