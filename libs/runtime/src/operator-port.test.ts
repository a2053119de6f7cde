import assert from 'node:assert/strict'
import { test } from 'node:test'
import { METRICS } from '@switchboard/contracts/metrics'
import { Health } from './health.ts'
import { createMeters } from './meters.ts'
import { openOperatorPort } from './operator-port.ts'

test('health, part by part, is ready when all are, and never again after it drains', () => {
  const health = new Health()
  assert.deepEqual([health.isReady, health.describe()], [false, 'starting'])
  health.ready('nats', false)
  health.ready('leases', false)
  assert.equal(health.describe(), 'waiting for nats, leases')
  health.ready('nats', true)
  assert.deepEqual([health.isReady, health.describe()], [false, 'waiting for leases'])
  health.ready('leases', true)
  assert.deepEqual([health.isReady, health.describe()], [true, 'ready'])
  health.drain()
  health.ready('leases', true)
  assert.deepEqual([health.isReady, health.describe()], [false, 'draining'])
})

test('the operator port, asked, says live, ready with the reason, and the metrics', async () => {
  using meters = createMeters('edge')
  const health = new Health()
  health.ready('nats', false)
  await using operator = await openOperatorPort({ host: '127.0.0.1', port: 0, health, meters })
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${operator.port}${path}`)
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }
  assert.deepEqual((await get('/live')).status, 200)
  const waiting = await get('/ready')
  assert.deepEqual([waiting.status, waiting.text], [503, 'waiting for nats\n'])
  health.ready('nats', true)
  const ready = await get('/ready')
  assert.deepEqual([ready.status, ready.text], [200, 'ready\n'])
  meters.count('switchboard_edge_closes_total', { reason: 'slow' })
  const metrics = await get('/metrics')
  assert.match(metrics.type ?? '', /^text\/plain; version=0\.0\.4/)
  assert.match(metrics.text, /^switchboard_edge_closes_total\{reason="slow",service="edge"\} 1$/m)
  assert.equal((await get('/other')).status, 404)
})

test('the operator port, disposed, is closed', async () => {
  using meters = createMeters('edge')
  const operator = await openOperatorPort({ host: '127.0.0.1', port: 0, health: new Health(), meters })
  await operator[Symbol.asyncDispose]()
  await assert.rejects(fetch(`http://127.0.0.1:${operator.port}/live`), TypeError)
})

test('meters, of one service, are those declared for it, its channels and its process', async () => {
  for (const service of ['edge', 'router', 'storage', 'notifier']) {
    using meters = createMeters(service)
    const text = await meters.text()
    for (const name of Object.keys(METRICS)) {
      const isOwn = new RegExp(`^switchboard_(${service}|channel|process)_`).test(name)
      assert.equal(text.includes(`# TYPE ${name} `), isOwn, `${name} at ${service}`)
    }
  }
})

test('a meter, moved as another kind or by another service, throws', () => {
  using meters = createMeters('edge')
  assert.throws(
    () => meters.set('switchboard_edge_closes_total', { reason: 'slow' }, 1),
    /not declared as a gauge of edge/,
  )
  assert.throws(() => meters.count('switchboard_router_fenced_total'), /not declared as a counter of edge/)
  assert.throws(() => meters.count('switchboard_edge_closes_total', { color: 'red' }), /color/)
})
