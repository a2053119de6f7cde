import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { freePort } from '@switchboard/testkit/ports'
import { addUp, MetricsMemory, parseMetrics } from './world-metrics.ts'

const TEXT = `# HELP taken Commands taken.
# TYPE taken counter
taken{kind="room",why="a b"} 7
# TYPE open gauge
open 3
# TYPE wait_seconds histogram
wait_seconds_bucket{le="+Inf"} 4
wait_seconds_sum 1.5e-3
wait_seconds_count 4
`

test('counters and histograms grow, gauges do not', () => {
  const { samples, growing } = parseMetrics(TEXT)
  assert.equal(samples.get('taken{kind="room",why="a b"}'), 7)
  assert.equal(samples.get('open'), 3)
  assert.deepEqual(
    [...growing.keys()],
    ['taken{kind="room",why="a b"}', 'wait_seconds_bucket{le="+Inf"}', 'wait_seconds_sum', 'wait_seconds_count'],
  )
  assert.equal(growing.get('wait_seconds_sum'), 0.0015)
})

test('what a process counted before its end is added to what the next one counts', async () => {
  let taken = 5
  const server = createServer((_request, response) => response.end(`# TYPE taken counter\ntaken ${taken}\n`))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => {
    server.close()
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  using memory = new MetricsMemory(`http://127.0.0.1:${port}`)
  assert.equal((await memory.total()).get('taken'), 5)
  memory.renew()
  taken = 2
  assert.equal((await memory.now()).get('taken'), 2)
  assert.equal((await memory.total()).get('taken'), 7)
  server.closeAllConnections()
  server.close()
  assert.equal((await memory.now()).size, 0)
  assert.equal((await memory.total()).get('taken'), 7)
})

test('the sum of several services is made sample by sample', () => {
  const sum = addUp([
    new Map([['a', 1]]),
    new Map([
      ['a', 2],
      ['b', 3],
    ]),
  ])
  assert.deepEqual(
    [...sum],
    [
      ['a', 3],
      ['b', 3],
    ],
  )
})
