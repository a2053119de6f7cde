import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { readClaim, writeClaim } from '../src/claim.ts'
import { toHeaders } from '../src/core.ts'
import { isInfrastructure } from '../src/infrastructure.ts'
import { lastMessage, nextMessage } from '../src/leader-read.ts'
import { testBus } from './test-bus.ts'

const BYTES = Uint8Array.from({ length: 256 }, (_, i) => i)
let servers: Servers
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

test('the last record of a subject, and the first from a sequence on, come with their bytes and headers', async () => {
  await using bus = await testBus(servers)
  const [mine, other] = [bus.names.log('room', 'r'), bus.names.log('user', 'r')]
  const stream = await bus.jsm.streams.find(mine)
  const put = (subject: string, text: string) =>
    bus.js.publish(subject, BYTES, { headers: toHeaders({ 'Sw-Text': text }) })
  const first = await put(mine, 'one')
  await put(other, 'between')
  const second = await put(mine, 'two: ö')
  const last = await lastMessage(bus, stream, mine)
  assert.deepEqual([last?.subject, last?.seq, last?.header.get('Sw-Text')], [mine, second.seq, 'two: ö'])
  assert.deepEqual(Uint8Array.from(last?.data ?? []), BYTES)
  const next = await nextMessage(bus, stream, { seq: first.seq + 1, subject: mine })
  assert.equal(next?.seq, second.seq)
  assert.equal((await nextMessage(bus, stream, { seq: 1, subject: mine }))?.header.get('Sw-Text'), 'one')
})

test('a record without headers or data, then it has none; none at all, then null; no such stream, then an error', async () => {
  await using bus = await testBus(servers)
  const subject = bus.names.log('room', 'bare')
  const stream = await bus.jsm.streams.find(subject)
  assert.equal(await lastMessage(bus, stream, subject), null)
  assert.equal(await nextMessage(bus, stream, { seq: 1, subject }), null)
  await bus.js.publish(subject)
  const bare = await lastMessage(bus, stream, subject)
  assert.equal(bare?.data.byteLength, 0)
  assert.equal(bare?.header.get('Sw-Text'), '')
  await assert.rejects(lastMessage(bus, 'nowhere', subject), (error) => isInfrastructure(error))
})

test('many claim one thing at once, then one of them has it; who knows its revision writes over it', async () => {
  await using bus = await testBus(servers)
  const claims = Array.from({ length: 20 }, (_, i) =>
    writeClaim(bus, { key: 'r.1.phone', value: { by: i }, expect: 0 }),
  )
  const revisions = await Promise.all(claims)
  const winner = revisions.findIndex((revision) => revision !== null)
  assert.equal(revisions.filter((revision) => revision !== null).length, 1)
  const held = await readClaim<{ by: number }>(bus, 'r.1.phone')
  assert.deepEqual(held, { revision: revisions[winner], value: { by: winner } })
  assert.ok(await writeClaim(bus, { key: 'r.1.phone', value: { by: 'again' }, expect: held?.revision ?? 0 }))
  assert.equal(await writeClaim(bus, { key: 'r.1.phone', value: { by: 'late' }, expect: held?.revision ?? 0 }), null)
  assert.equal(await readClaim(bus, 'r.1.other'), null)
})

test('the connection closed, then nobody knows: an error of the infrastructure, not an answer', async () => {
  const bus = await testBus(servers)
  const stream = await bus.jsm.streams.find(bus.names.log('room', 'r'))
  await bus.nc.close()
  const isOurs = (error: unknown) => isInfrastructure(error)
  await assert.rejects(lastMessage(bus, stream, bus.names.log('room', 'r')), isOurs)
  await assert.rejects(writeClaim(bus, { key: 'r.1.phone', value: {}, expect: 0 }), isOurs)
})
