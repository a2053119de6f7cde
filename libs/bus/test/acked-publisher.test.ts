import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { within } from '@switchboard/runtime/deadline'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import pino from 'pino'
import { AckedPublisher } from '../src/acked-publisher.ts'
import { type Bus, connectBus } from '../src/connect.ts'
import { subscribe } from '../src/core.ts'
import { Replies } from '../src/replies.ts'
import { ensureStreams } from '../src/streams.ts'

const MS_MAX = 30_000
const PAYLOAD = new TextEncoder().encode('x')
let servers: Servers
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

async function connected(): Promise<Bus> {
  const log = pino({ level: 'silent' })
  const namespace = `t${randomUUID().slice(0, 8)}`
  const bus = await connectBus({ url: servers.natsUrl, namespace, service: 'test', replicas: 1, log })
  await ensureStreams(bus)
  return bus
}

test('many at once, then each has the sequence of its own record, and headers come as they were given', async () => {
  await using bus = await connected()
  const publisher = new AckedPublisher(new Replies(bus.nc, { msMax: MS_MAX }))
  const subject = bus.names.log('room', 'r')
  const texts = Array.from({ length: 500 }, (_, i) => `text ${i}`)
  const words = await Promise.all(
    texts.map((text) =>
      publisher.publish(subject, new TextEncoder().encode(text), { 'Sw-Text': text, 'Sw-Other': 'ö: 7' }),
    ),
  )
  const stream = await bus.jsm.streams.find(subject)
  for (const i of [0, 250, 499]) {
    const word = words[i]
    assert.equal(word?.kind, 'stored')
    const message = await bus.jsm.streams.getMessage(stream, { seq: word.kind === 'stored' ? word.seq : 0 })
    assert.equal(message?.string(), texts[i])
    assert.equal(message?.header.get('Sw-Text'), texts[i])
    assert.equal(message?.header.get('Sw-Other'), 'ö: 7')
  }
  assert.equal(new Set(words.map((word) => word.kind === 'stored' && word.seq)).size, 500)
})

test('refused by the stream, then its code and reason', async () => {
  await using bus = await connected()
  const publisher = new AckedPublisher(new Replies(bus.nc, { msMax: MS_MAX }))
  const subject = bus.names.log('room', 'r')
  const word = await publisher.publish(subject, PAYLOAD, { 'Nats-Expected-Last-Subject-Sequence': '7' })
  assert.deepEqual(word, { kind: 'refused', code: 10_071, reason: 'wrong last sequence: 0' })
})

test('a subject that nobody hears, one that hears and is silent, or one that answers nonsense, then unknown, with the reason', async () => {
  await using bus = await connected()
  const publisher = new AckedPublisher(new Replies(bus.nc, { msMax: 50 }))
  const heard = within(MS_MAX, publisher.publish('nobody.there', PAYLOAD, {}), 'a word')
  assert.deepEqual(await heard, { kind: 'unknown', reason: 'nobody takes it' })
  subscribe(bus, 'silent', () => {})
  subscribe(bus, 'empty', (message) => message.respond())
  subscribe(bus, 'odd', (message) => message.respond('{}'))
  const words = await within(
    MS_MAX,
    Promise.all(['silent', 'empty', 'odd', 'silent'].map((subject) => publisher.publish(subject, PAYLOAD, {}))),
    'their words',
  )
  assert.deepEqual(
    words.map((word) => word.kind === 'unknown' && word.reason),
    ['no answer in 50 ms', 'an empty answer', 'an answer without a sequence', 'no answer in 50 ms'],
  )
})

test('the connection closed, then what waits is unknown, and so is what comes later', async () => {
  const bus = await connected()
  const publisher = new AckedPublisher(new Replies(bus.nc, { msMax: MS_MAX }))
  subscribe(bus, 'silent', () => {})
  const waiting = publisher.publish('silent', PAYLOAD, {})
  await bus.nc.close()
  assert.deepEqual(await within(MS_MAX, waiting, 'the end'), { kind: 'unknown', reason: 'the connection was closed' })
  const late = await within(MS_MAX, publisher.publish('silent', PAYLOAD, {}), 'a late one')
  assert.equal(late.kind, 'unknown')
})

test('a header of several lines, then it is refused as the bug that it is, and nothing is sent', async () => {
  await using bus = await connected()
  const publisher = new AckedPublisher(new Replies(bus.nc, { msMax: MS_MAX }))
  for (const value of ['a\nb', 'a\rb'])
    assert.throws(
      () => publisher.publish('silent', PAYLOAD, { 'Sw-Text': value }),
      /the header Sw-Text has several lines/,
    )
})
