import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { partitionOf, streamOf } from '@switchboard/contracts/partition'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { toHeaders } from '../src/core.ts'
import { isInfrastructure } from '../src/infrastructure.ts'
import { readBatch, readRecord } from '../src/replica-read.ts'
import { testBus } from './test-bus.ts'

const MUCH = 4_194_304
let servers: Servers
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

test('many batched reads at once, then each has its own records, as many as it asked for, in order', async () => {
  await using bus = await testBus(servers)
  const together = Array.from({ length: 100 }, (_, i) => `r${i}`).filter((id) => streamOf(partitionOf(id)) === 0)
  const subjects = together.slice(0, 3).map((id) => bus.names.log('room', id))
  const stream = bus.names.logStream(0)
  for (let round = 0; round < 10; round += 1)
    for (const subject of subjects) await bus.js.publish(subject, `${subject} ${round}`)
  const reads = subjects.flatMap((subject) =>
    [1, 4, 100].map(async (batch) => {
      const records = await readBatch(bus, stream, { seq: 1, next_by_subj: subject, batch, max_bytes: MUCH })
      const texts = records.map(({ data }) => Buffer.from(data).toString())
      assert.deepEqual(
        texts,
        Array.from({ length: Math.min(10, batch) }, (_, round) => `${subject} ${round}`),
      )
    }),
  )
  await Promise.all(reads)
  const last = await readBatch(bus, stream, { multi_last: subjects })
  assert.deepEqual(new Set(last.map(({ subject }) => subject)), new Set(subjects))
  assert.deepEqual(
    last.map(({ data }) => Buffer.from(data).toString().at(-1)),
    ['9', '9', '9'],
  )
})

test('nothing matches, then nothing; a record without data is no end; no such stream, then an error', async () => {
  await using bus = await testBus(servers)
  const subject = bus.names.log('room', 'bare')
  const stream = await bus.jsm.streams.find(subject)
  assert.deepEqual(await readBatch(bus, stream, { multi_last: [subject] }), [])
  assert.deepEqual(await readBatch(bus, stream, { seq: 1, next_by_subj: subject, batch: 9, max_bytes: MUCH }), [])
  for (let i = 0; i < 3; i += 1) await bus.js.publish(subject)
  const bare = await readBatch(bus, stream, { seq: 1, next_by_subj: subject, batch: 9, max_bytes: MUCH })
  assert.deepEqual(
    bare.map(({ data }) => data.byteLength),
    [0, 0, 0],
  )
  await assert.rejects(readBatch(bus, 'nowhere', { multi_last: [subject] }), (error) => isInfrastructure(error))
})

test('one record by its sequence comes with its headers, and where it lies is what the server says, not what they say', async () => {
  await using bus = await testBus(servers)
  const subject = bus.names.log('room', 'r')
  const stream = await bus.jsm.streams.find(subject)
  const headers = toHeaders({ 'Sw-Text': 'ö', 'Nats-Subject': 'elsewhere', 'Nats-Sequence': '1' })
  const { seq } = await bus.js.publish(subject, 'text', { headers })
  const record = await readRecord(bus, stream, seq)
  assert.deepEqual([record?.subject, record?.seq, record?.header.get('Sw-Text')], [subject, seq, 'ö'])
  assert.equal(await readRecord(bus, stream, seq + 1), null)
  await assert.rejects(readRecord(bus, 'nowhere', 1), (error) => isInfrastructure(error))
})

test('the connection closed, then an error of the infrastructure, and no answer', async () => {
  const bus = await testBus(servers)
  const subject = bus.names.log('room', 'r')
  const stream = await bus.jsm.streams.find(subject)
  await bus.nc.close()
  await assert.rejects(readBatch(bus, stream, { multi_last: [subject] }), (error) => isInfrastructure(error))
  await assert.rejects(readRecord(bus, stream, 1), (error) => isInfrastructure(error))
})
