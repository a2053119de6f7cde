import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSlots } from '@switchboard/runtime/slots'
import { logIn, Person } from '../../flow/flow-fixture.ts'
import { Crowd } from '../bots/crowd.ts'
import { type RunningWorld, startWorld } from '../world.ts'

const CLIENTS = 5_000
/** Twenty connections each: as many as one person may have at the edge that is left. */
const USERS = 250
const ROOMS = 25
const BACK_MS_MAX = 60_000
const LOG_INS_AT_ONCE = 8

let world: RunningWorld
before(async () => {
  world = await startWorld({
    counts: { router: 1, storage: 1, notifier: 1 },
  })
})
after(() => world?.[Symbol.asyncDispose]())

const total = async (name: string) => {
  let sum = 0
  for (const [key, value] of await world.counters()) if (key.startsWith(`${name}{`)) sum += value
  return sum
}

test('an edge with half of 5,000 connections is killed, then all are back with exactly what they missed, and storage is asked per room and person', async (t) => {
  const users = Array.from({ length: USERS }, (_, i) => `u${i}`)
  const inTurn = createSlots(LOG_INS_AT_ONCE)
  const tokens = await Promise.all(users.map((user) => inTurn(() => logIn(world.url, user))))
  using writer = await new Person(world.edgeUrls[1] ?? world.url, await logIn(world.url, 'writer')).connect()
  const rooms: string[] = []
  for (let i = 0; i < ROOMS; i++) {
    const members = users.filter((_, u) => u % ROOMS === i)
    rooms.push((await writer.rpc<{ room: string }>('room.create', { cid: `r${i}`, kind: 'group', members })).room)
  }
  await using crowd = await Crowd.gather({ seed: 7, url: world.url, tokens, clients: CLIENTS, processes: 2 })
  const sayAll = (word: string) =>
    Promise.all(rooms.map((room) => writer.rpc('message.send', { cid: word, room, text: word })))
  await sayAll('before')
  crowd.reset()
  const asked = await total('switchboard_storage_queries_total')
  const [edge] = world.of('edge')
  await edge?.kill()
  await sayAll('one')
  await sayAll('two')
  const reports = await crowd.back(BACK_MS_MAX)
  const questions = (await total('switchboard_storage_queries_total')) - asked
  const sum = (of: (report: (typeof reports)[number]) => number) => reports.reduce((all, one) => all + of(one), 0)
  const losses = sum(({ losses }) => losses)
  t.diagnostic(
    `${losses} connections lost, all back after ${Math.max(...reports.map(({ allBackMs }) => allBackMs ?? Infinity))} ms, ` +
      `${questions} questions to storage`,
  )
  assert.equal(
    sum(({ connected }) => connected),
    CLIENTS,
  )
  assert.deepEqual(
    [sum(({ holes }) => holes), sum(({ reloaded }) => reloaded), sum(({ sentAway }) => sentAway)],
    [0, 0, 0],
  )
  assert.ok(losses > CLIENTS / 4, `only ${losses} were at the edge that was killed`)
  // Its rooms and its person's channel, for each that returned.
  assert.ok(sum(({ recovered }) => recovered) >= 2 * losses)
  assert.ok(questions <= 2 * (ROOMS + USERS), `${questions} questions for ${losses} that returned`)
})
