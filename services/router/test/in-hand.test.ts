import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import type { RoomEvent } from '@switchboard/contracts/events'
import { within } from '@switchboard/runtime/deadline'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { create, type Fixture, logOf, roomName, routerFixture, say } from './router-fixture.ts'

/** Room for a dozen commands. */
const HAND_BYTES = 16_384
const MESSAGES = 40
const WAIT_MS = 15_000
const TEXTS = Array.from({ length: MESSAGES }, (_, i) => `text ${i}`)

let servers: Servers
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

const sayAll = (f: Fixture, rooms: readonly string[]) =>
  TEXTS.flatMap((text) => rooms.map((room) => say(f, room, { cid: text, text })))

async function textsOf(f: Fixture, room: string): Promise<string[]> {
  const events = (await logOf(f.bus, 'room', room)) as RoomEvent[]
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i + 1),
  )
  return events.flatMap((event) => (event.type === 'message' ? [event.text] : []))
}

test('more commands at once than a router may have in hand, then it reads on as they are applied, in order', async () => {
  await using f = await routerFixture(servers)
  await f.router({ inHandBytes: HAND_BYTES })
  const rooms = Array.from({ length: 8 }, roomName)
  await Promise.all(rooms.map((room) => create(f, room)))
  const answers = await Promise.all(sayAll(f, rooms))
  assert.deepEqual(answers.filter(isRefusal), [])
  for (const room of rooms) assert.deepEqual(await textsOf(f, room), TEXTS)
})

test('storage is away and a router has in hand what it may, then it can stop, and the next one does all of it', async () => {
  await using f = await routerFixture(servers)
  const first = await f.router()
  const rooms = Array.from({ length: 8 }, roomName)
  await Promise.all(rooms.map((room) => create(f, room)))
  await first[Symbol.asyncDispose]()
  const loads = await f.refuseLoads()
  const waiting = await f.router({ inHandBytes: HAND_BYTES })
  const answers = sayAll(f, rooms)
  let answered = 0
  for (const answer of answers) {
    void answer.then(() => {
      answered += 1
    })
  }
  // Each room is asked for again and again: by then everything that may be read has been.
  await loads.asked(6 * rooms.length)
  assert.ok(answered > 0 && answered < answers.length / 2, `${answered} of ${answers.length} were read`)
  await within(WAIT_MS, Promise.resolve(waiting[Symbol.asyncDispose]()), 'the end of a router that waits')
  await loads.end()
  await f.router()
  await Promise.all(answers)
  for (const room of rooms) assert.deepEqual(await textsOf(f, room), TEXTS)
})
