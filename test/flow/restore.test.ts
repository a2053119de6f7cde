import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { MongoClient } from 'mongodb'
import { startSystem } from '../../tools/system/system.ts'
import { until } from '../fault/world-until.ts'
import { api, type FlowSystem, flowSystem, historyOf, logIn, Person, range, WAIT_MS } from './flow-fixture.ts'

const MESSAGES = 20

let flow: FlowSystem
before(async () => {
  flow = await flowSystem()
})
after(() => flow?.[Symbol.asyncDispose]())

/** What mongodump and mongorestore do, document by document: the stand-ins of CI have neither. */
async function copyDatabase(from: string, to: string): Promise<number> {
  await using client = new MongoClient(flow.servers.mongoUrl)
  let copied = 0
  for (const { name } of await client.db(from).listCollections().toArray()) {
    const documents = await client.db(from).collection(name).find().toArray()
    if (documents.length > 0) await client.db(to).collection(name).insertMany(documents)
    copied += documents.length
  }
  return copied
}

async function storedHead(room: string, database = flow.options.database): Promise<number> {
  await using client = new MongoClient(flow.servers.mongoUrl)
  return await client.db(database).collection('events').countDocuments({ room })
}

const untilStored = (room: string, count: number, database?: string): Promise<void> =>
  until(`${room} is stored`, WAIT_MS, async () => (await storedHead(room, database)) >= count)

test('MongoDB restored beside a NATS that knows nothing, then people, rooms and histories are as they were, and go on without a hole', async () => {
  using ann = await new Person(flow.url, await logIn(flow.url, 'ann')).connect()
  await logIn(flow.url, 'bob')
  const { room } = await ann.rpc<{ room: string }>('room.create', { cid: 'r', kind: 'group', members: ['bob'] })
  const cids = range(1, MESSAGES).map((i) => `m${i}`)
  const answers: { seq: number }[] = []
  for (const cid of cids) answers.push(await ann.rpc<{ seq: number }>('message.send', { cid, room, text: cid }))
  const before = await historyOf(flow.url, await logIn(flow.url, 'ann'), room)
  await untilStored(room, before.length)

  const restored = `restored_${randomUUID().slice(0, 8)}`
  assert.ok((await copyDatabase(flow.options.database, restored)) > MESSAGES)
  const namespace = `r${randomUUID().slice(0, 8)}`
  await using system = await startSystem({ ...flow.options, namespace, database: restored })

  // The account and its password are there: this logs in and makes none.
  const credentials = { user: 'bob', password: 'switchboard' }
  const taken = await api(system.url, { method: 'POST', path: '/v1/accounts', body: credentials })
  assert.equal(taken.status, 409)
  const token = await logIn(system.url, 'bob')
  assert.deepEqual(await historyOf(system.url, token, room), before)

  using again = await new Person(system.url, await logIn(system.url, 'ann')).connect()
  const [cid = ''] = cids
  const repeated = await again.rpc<{ seq: number }>('message.send', { cid, room, text: cid })
  assert.equal(repeated.seq, answers[0]?.seq, 'what was done before the backup is not done again')
  const { seq } = await again.rpc<{ seq: number }>('message.send', { cid: 'new', room, text: 'after the restore' })
  assert.equal(seq, before.length + 1)
  const after = await historyOf(system.url, token, room)
  assert.deepEqual(
    after.map((event) => event.seq),
    range(1, before.length + 1),
  )
})

test('MongoDB restored from before the last messages, and NATS as it was, then storage reads the rest from the log', async () => {
  const own = {
    ...flow.options,
    namespace: `k${randomUUID().slice(0, 8)}`,
    database: `kept_${randomUUID().slice(0, 8)}`,
  }
  const restored = `restored_${randomUUID().slice(0, 8)}`
  let room = ''
  {
    await using system = await startSystem(own)
    using ann = await new Person(system.url, await logIn(system.url, 'ann')).connect()
    ;({ room } = await ann.rpc<{ room: string }>('room.create', { cid: 'r', kind: 'group' }))
    const send = (cid: string) => ann.rpc('message.send', { cid, room, text: cid })
    for (const cid of range(1, MESSAGES)) await send(`m${cid}`)
    await untilStored(room, MESSAGES + 1, own.database)
    await copyDatabase(own.database, restored)
    for (const cid of range(MESSAGES + 1, 2 * MESSAGES)) await send(`m${cid}`)
  }
  await using system = await startSystem({ ...own, database: restored })
  await untilStored(room, 2 * MESSAGES + 1, restored)
  const all = await historyOf(system.url, await logIn(system.url, 'ann'), room)
  const texts = all.flatMap(({ text }) => (text === undefined ? [] : [text]))
  assert.deepEqual(
    texts,
    range(1, 2 * MESSAGES).map((i) => `m${i}`),
  )
})
