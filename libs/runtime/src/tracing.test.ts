import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { parseTraceParent } from '@switchboard/contracts/traces'
import { activeSpan, inSpan, type Tracing, throughSpan } from './tracing.ts'
import { createTracing } from './tracing-sdk.ts'

/** A collector that only counts. */
async function collector(status = 200) {
  const { promise: came, resolve } = Promise.withResolvers<{ path: string; key: unknown; bytes: number }>()
  const server = createServer((request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength
    })
    request.on('end', () => {
      response.writeHead(status).end()
      resolve({ path: request.url ?? '', key: request.headers['x-key'], bytes })
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    came,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function tracingOf(url: string, more: Record<string, unknown> = {}, dice = 0) {
  const told = { ended: 0, sent: 0, failed: 0 }
  const active = activeSpan()
  const tracing: Tracing = createTracing({
    service: 'edge',
    id: 'one',
    active,
    random: () => dice,
    settings: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_HEADERS: ['x-key=a=b'],
      TRACES_PER_THOUSAND: 500,
      ...more,
    },
    events: {
      ended: () => {
        told.ended += 1
      },
      sent: (spans) => {
        told.sent += spans
      },
      notSent: (spans) => {
        told.failed += spans
      },
    },
  })
  return { tracing, told }
}

const NOWHERE = 'http://127.0.0.1:1'
const CLIENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test('a span, when its process stops, was sent to the collector with our headers', async () => {
  await using server = await collector()
  const { tracing, told } = tracingOf(server.url)
  tracing.beginHere('edge.command', { cause: undefined, of: 'message.send' })?.end()
  await tracing[Symbol.asyncDispose]()
  const { path, key, bytes } = await server.came
  assert.deepEqual({ path, key }, { path: '/v1/traces', key: 'a=b' })
  assert.ok(bytes > 50)
  assert.deepEqual(told, { ended: 1, sent: 1, failed: 0 })
})

test('a collector that refuses, when spans are sent, costs the spans and is told of', async () => {
  await using server = await collector(400)
  const { tracing, told } = tracingOf(server.url)
  tracing.beginHere('edge.command', { cause: undefined })?.end()
  await tracing[Symbol.asyncDispose]()
  assert.deepEqual(told, { ended: 1, sent: 0, failed: 1 })
})

test('a trace, where one may begin, begins by dice, and nothing begins below what is not traced', () => {
  const won = tracingOf(NOWHERE, {}, 0.499).tracing
  const lost = tracingOf(NOWHERE, {}, 0.5).tracing
  assert.ok(won.beginHere('edge.command', { cause: undefined }))
  assert.equal(lost.beginHere('edge.command', { cause: undefined }), undefined)
  for (const cause of [undefined, 'nonsense', CLIENT.replace(/01$/, '00')])
    assert.equal(won.begin('router.command', { cause }), undefined)
  assert.equal(won.gather('router.commit', [undefined, undefined]), undefined)
})

test('the trace of a client, where the settings let it, goes on here; else it is ignored', () => {
  const taken = tracingOf(NOWHERE, { TRACES_OF_CLIENTS: true }, 0.9).tracing
  assert.equal(taken.beginHere('edge.command', { cause: CLIENT })?.traceId, parseTraceParent(CLIENT)?.traceId)
  assert.equal(taken.beginHere('edge.command', { cause: CLIENT.replace(/01$/, '00') }), undefined)
  const ignored = tracingOf(NOWHERE, {}, 0.9).tracing
  assert.equal(ignored.beginHere('edge.command', { cause: CLIENT }), undefined)
})

test('a span below another, through its header, has its trace; many together have that of the first', () => {
  const { tracing } = tracingOf(NOWHERE)
  const one = tracing.beginHere('edge.command', { cause: undefined })
  const two = tracing.beginHere('edge.command', { cause: undefined })
  assert.ok(one && two && one.traceId !== two.traceId)
  const below = tracing.begin('router.command', { cause: one.trace })
  assert.equal(below?.traceId, one.traceId)
  assert.notEqual(below?.spanId, one.spanId)
  assert.equal(tracing.gather('router.commit', [undefined, two, one])?.traceId, two.traceId)
})

test('work in a span, through what it awaits, has it as the active one, and none after', async () => {
  const { tracing, told } = tracingOf(NOWHERE)
  const span = tracing.beginHere('edge.command', { cause: undefined })
  const seen = await throughSpan(span, async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return tracing.active
  })
  assert.equal(seen, span)
  assert.equal(tracing.active, undefined)
  assert.equal(told.ended, 1)
  assert.equal(
    inSpan(undefined, () => tracing.active),
    undefined,
  )
})

test('work that throws in a span, then the span has ended and the error is the same', async () => {
  const { tracing, told } = tracingOf(NOWHERE)
  const span = tracing.beginHere('edge.command', { cause: undefined })
  const error = new Error('broken')
  await assert.rejects(
    throughSpan(span, () => Promise.reject(error)),
    (thrown) => thrown === error,
  )
  assert.equal(told.ended, 1)
})
