import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, logIn, Person } from '../../flow/flow-fixture.ts'
import { type RunningWorld, startWorld } from '../world.ts'
import { until } from '../world-until.ts'

const LATER_MS = 200_000
const WAIT_MS = 60_000

let world: RunningWorld
let room: string
let token: string
before(async () => {
  world = await startWorld({ counts: { storage: 1, notifier: 1 } })
  token = await logIn(world.url, 'ann')
  using ann = await new Person(edge(0), token).connect()
  const made = await ann.rpc<{ room: string }>('room.create', { cid: 'room', kind: 'group' })
  room = made.room
})
after(() => world?.[Symbol.asyncDispose]())

const edge = (i: number) => world.edgeUrls[i] ?? world.url

/** Sent until it is answered, as whoever means it does: what is taken away under it is no answer. */
async function send(url: string, cid: string, text: string): Promise<{ seq: number; at: number }> {
  let answer: { seq: number; at: number } | undefined
  await until(`an answer to ${cid}`, WAIT_MS, async () => {
    const { status, body } = await api(url, {
      method: 'POST',
      path: `/v1/rooms/${room}/messages`,
      token,
      body: { cid, text },
    })
    if (status === 200 || status === 201) answer = body
    else assert.equal(body.error.retry, true, JSON.stringify(body))
    return answer !== undefined
  })
  return answer as { seq: number; at: number }
}

async function texts(): Promise<string[]> {
  const { body } = await api(edge(0), { path: `/v1/rooms/${room}/events?limit=200`, token })
  return body.events.flatMap(({ text }: { text?: string }) => text ?? [])
}

test('a message sent again more than three minutes later by every clock, at another edge, then the first answer, and it is there once', async () => {
  const first = await send(edge(0), 'later', 'three minutes')
  for (const service of world.services) await service.stepClock(LATER_MS)
  assert.deepEqual(await send(edge(1), 'later', 'three minutes'), first)
  for (const service of world.services) await service.stepClock(0)
  assert.deepEqual(await send(edge(0), 'later', 'three minutes'), first, 'and when the clocks are back')
  assert.deepEqual(
    (await texts()).filter((text) => text === 'three minutes'),
    ['three minutes'],
  )
})

test('a message sent again after every router has died, then the next ones find it', async () => {
  const first = await send(edge(0), 'routers', 'of another life')
  for (const router of world.of('router')) await router.kill()
  for (const router of world.of('router')) await router.start()
  assert.deepEqual(await send(edge(1), 'routers', 'of another life'), first)
  assert.deepEqual(
    (await texts()).filter((text) => text === 'of another life'),
    ['of another life'],
  )
})

test('the same message at both edges at once, many times, then one answer for all', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => send(edge(i % 2), 'both', 'at once')))
  assert.equal(new Set(answers.map(({ seq }) => seq)).size, 1)
  assert.deepEqual(
    (await texts()).filter((text) => text === 'at once'),
    ['at once'],
  )
})
