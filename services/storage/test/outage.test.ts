import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import test from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import { openStage, until } from './stage.ts'

test('MongoDB is killed under load and comes back, then nothing is missing and nothing went to dead', async () => {
  await using stage = await openStage({ own: true })
  await using pod = await stage.start()
  const rooms = [stage.room('k1'), stage.room('k2')]
  for (const room of rooms) await room.create(['ann', 'bob'])
  await stage.saved('k1', 1)
  const writing = Promise.all(rooms.map((room) => room.sendMany('ann', 300, 3)))
  await stage.servers.stopMongo()
  const asked = await stage.ask('room.load', { room: 'k1' })
  assert.ok(isRefusal(asked) && ['unavailable', 'timeout'].includes(asked.code), JSON.stringify(asked))
  await writing
  await stage.servers.startMongo()
  for (const room of rooms) await stage.saved(room.id, 301)
  for (const room of rooms) {
    const events = await stage.collections.events.find({ room: room.id }).sort({ seq: 1 }).toArray()
    assert.deepEqual(
      events.map(({ seq }) => seq),
      room.events.map(({ seq }) => seq),
    )
  }
  const { head } = await stage.answer('room.load', { room: 'k1' })
  assert.equal(head, 301)
  const { state } = await stage.bus.jsm.streams.info(stage.bus.names.deadStream)
  assert.equal(state.messages, 0)
  assert.deepEqual(pod.crashed, [])
})

test('MongoDB is away when a pod starts, then the pod is not ready until it is there', async () => {
  await using stage = await openStage()
  const room = stage.room('k3')
  await room.create(['ann'])
  await using door = await closedDoor(stage.servers.mongoUrl)
  const starting = stage.start({}, { MONGO_URL: door.url })
  const asked = await stage.ask('room.load', { room: 'k3' })
  assert.ok(isRefusal(asked) && asked.code === 'unavailable')
  // The driver gives its first attempt up and must not stay with that.
  await until(() => stage.logged.some((line) => line.includes('MongoDB is away')), 'the pod has met the closed door')
  door.open()
  await using _pod = await starting
  await stage.saved('k3', 1)
})

/** An address in front of a server, at which connections are cut until it is opened. */
async function closedDoor(url: string) {
  const server = new URL(url)
  let isOpen = false
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    if (!isOpen) return socket.destroy()
    const inner = connect({ host: server.hostname, port: Number(server.port) })
    for (const each of [socket, inner]) {
      sockets.add(each)
      each.on('error', () => {})
    }
    socket.pipe(inner).pipe(socket)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  return {
    url: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    open: () => {
      isOpen = true
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

test('NATS is killed and comes back, then what is written afterwards is stored', async () => {
  await using stage = await openStage({ own: true })
  await using _pod = await stage.start()
  const room = stage.room('k4')
  await room.create(['ann'])
  await stage.saved('k4', 1)
  await stage.servers.stopNats()
  await stage.servers.startNats()
  await until(async () => (await stage.bus.jsm.streams.info(stage.bus.names.deadStream)).state !== undefined, 'NATS')
  await room.send('ann', 'after')
  await stage.saved('k4', 2)
  assert.equal((await stage.answer('room.head', { room: 'k4', user: 'ann' })).head, 2)
})
