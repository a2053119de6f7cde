import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { create, logOf, roomName, routerFixture, say } from './router-fixture.ts'

let servers: Servers
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

for (const routers of [1, 2]) {
  test(`more commands than their stream has room for, at ${routers} routers, then what is applied is removed, and nothing that waits`, async () => {
    await using f = await routerFixture(servers)
    const sweep = { streamBytes: 4_096, everyBytes: 1_024, quietMs: 200 }
    const running = []
    for (let i = 0; i < routers; i += 1) running.push(await f.router({ sweep }))
    const rooms = Array.from({ length: 8 }, roomName)
    for (const room of rooms) await create(f, room)
    const lying = async () => {
      const infos = STREAM_NUMBERS.map((number) => f.bus.jsm.streams.info(f.bus.names.commandsStream(number)))
      return (await Promise.all(infos)).reduce((sum, { state }) => sum + state.messages, 0)
    }
    const rounds = 60
    const sends = Array.from({ length: rounds }, (_, i) =>
      rooms.map((room) => say(f, room, { cid: `c${i}`, text: `${i}` })),
    )
    await Promise.all(sends.flat())
    const firstOnes = (rounds + 1) * rooms.length
    // The sweep has its own time: more traffic calls for it again.
    for (let i = rounds; i < 20 * rounds && (await lying()) > firstOnes / 2; i += 1)
      await Promise.all(rooms.map((room) => say(f, room, { cid: `c${i}`, text: `${i}` })))
    assert.ok((await lying()) <= firstOnes / 2, `${await lying()} commands lie in their streams`)
    for (const router of running) await router[Symbol.asyncDispose]()
    const waiting = rooms.map((room) => say(f, room, { cid: 'waits', text: 'waits' }))
    await f.router({ sweep })
    await Promise.all(waiting)
    for (const room of rooms) {
      const events = await logOf(f.bus, 'room', room)
      assert.deepEqual(
        events.map(({ seq }) => seq),
        Array.from({ length: events.length }, (_, i) => i + 1),
      )
      assert.equal(new Set(events.map(({ cid }) => cid)).size, events.length)
    }
  })
}
