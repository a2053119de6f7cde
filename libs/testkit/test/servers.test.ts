import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { readSettings } from '@switchboard/runtime/settings'
import { MongoClient } from 'mongodb'
import { chooseServers, startServers, TEST_SETTINGS } from '../src/servers.ts'

const kind = await chooseServers(readSettings(TEST_SETTINGS).TEST_SERVERS)

test(`${kind} keep what was stored when they are killed and started again`, async () => {
  await using servers = await startServers({ own: true, kind })
  const publish = async (expected: number) => {
    const nats = await connect({ servers: servers.natsUrl })
    await (await jetstreamManager(nats)).streams.add({ name: 'KEPT', subjects: ['kept'] })
    assert.equal((await jetstream(nats).publish('kept', 'x')).seq, expected)
    await nats.close()
  }
  const insert = async (expected: number) => {
    const mongo = new MongoClient(servers.mongoUrl)
    const records = mongo.db('kept').collection('records')
    await records.insertOne({ expected })
    assert.equal(await records.countDocuments(), expected)
    await mongo.close()
  }
  await publish(1)
  await insert(1)
  await servers.stopNats()
  await assert.rejects(connect({ servers: servers.natsUrl, reconnect: false, timeout: 2000 }))
  await servers.startNats()
  await publish(2)
  await servers.stopMongo()
  await servers.startMongo()
  await insert(2)
})
