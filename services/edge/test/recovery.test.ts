import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { type Stage, stage, token } from './edge-fixture.ts'
import { RawClient } from './raw-client.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

async function epochOf(room: string, user: string): Promise<string> {
  using client = await RawClient.connected(here.edge.url, await token(user))
  return client.frames[0]?.connect?.subs[`room:${room}`]?.epoch ?? ''
}

/** `edge` is another one where the first may not have heard the newest entry yet. */
const reconnect = async (user: string, room: string, position: object, edge = here.edge) => {
  const client = await RawClient.connected(edge.url, await token(user), { [`room:${room}`]: position })
  const sub = client.frames[0]?.connect?.subs[`room:${room}`]
  return { client, sub, offsets: sub?.publications?.map(({ offset }) => offset) }
}

test('away while another stayed, then the connect reply brings exactly what was missed, from memory', async () => {
  await here.world.room('r1', ['ann', 'bea'])
  using bea = await RawClient.connected(here.edge.url, await token('bea'))
  const epoch = bea.frames[0]?.connect?.subs['room:r1']?.epoch
  await here.world.messages('r1', ['a', 'b', 'c'])
  await bea.until('all', () => bea.offsets('room:r1').length === 3)
  const asked = here.world.asked.filter((name) => name === 'room.history').length
  const { client, sub, offsets } = await reconnect('ann', 'r1', { recover: true, offset: 2, epoch })
  using ann = client
  assert.deepEqual([sub?.was_recovering, sub?.recovered, sub?.offset, offsets], [true, true, 4, [3, 4]])
  assert.deepEqual(
    sub?.publications?.map(({ data }) => data.text),
    ['b', 'c'],
  )
  assert.equal(here.world.asked.filter((name) => name === 'room.history').length, asked)
  await here.world.messages('r1', ['d'])
  await ann.until('what follows', () => ann.offsets('room:r1').length > 0)
  assert.deepEqual(ann.offsets('room:r1'), [5])
})

test('away while nobody was there, then the gap comes from storage, and for the next one from memory', async () => {
  await here.world.room('r2', ['ann', 'bea'])
  const epoch = await epochOf('r2', 'ann')
  const fresh = await here.start()
  await here.world.messages('r2', range(1, 250).map(String))
  const first = await RawClient.connected(fresh.url, await token('ann'), {
    'room:r2': { recover: true, offset: 1, epoch },
  })
  using ann = first
  const sub = ann.frames[0]?.connect?.subs['room:r2']
  assert.equal(sub?.recovered, true)
  assert.deepEqual(
    sub?.publications?.map(({ offset }) => offset),
    range(2, 251),
  )
  const asked = here.world.asked.filter((name) => name === 'room.history').length
  using bea = await RawClient.connected(fresh.url, await token('bea'), {
    'room:r2': { recover: true, offset: 100, epoch },
  })
  assert.equal(bea.frames[0]?.connect?.subs['room:r2']?.publications?.length, 151)
  assert.equal(here.world.asked.filter((name) => name === 'room.history').length, asked)
})

test('away for a moment while nobody was there, then the gap comes from the log, and storage is not asked', async () => {
  await here.world.room('r9', ['ann'])
  const epoch = await epochOf('r9', 'ann')
  const fresh = await here.start()
  await here.world.messages('r9', range(1, 9).map(String))
  const asked = here.world.asked.filter((name) => name === 'room.history').length
  const { client, sub, offsets } = await reconnect('ann', 'r9', { recover: true, offset: 7, epoch }, fresh)
  using _ = client
  assert.deepEqual([sub?.recovered, sub?.offset, offsets], [true, 10, [8, 9, 10]])
  assert.deepEqual(
    sub?.publications?.map(({ data }) => data.text),
    ['7', '8', '9'],
  )
  assert.equal(here.world.asked.filter((name) => name === 'room.history').length, asked)
})

test('nothing missed, then recovered without publications', async () => {
  await here.world.room('r3', ['ann'])
  const epoch = await epochOf('r3', 'ann')
  const { client, sub } = await reconnect('ann', 'r3', { recover: true, offset: 1, epoch })
  using _ = client
  assert.deepEqual([sub?.recovered, sub?.publications, sub?.offset], [true, undefined, 1])
})

test('too many missed, another epoch, or a position ahead, then told to reload, with no part of the gap', async () => {
  await here.world.room('r4', ['ann'])
  const epoch = await epochOf('r4', 'ann')
  const many = range(1, MAX.recoverEvents + 1).map((i) => ({ type: 'message', text: String(i) }))
  for (let from = 0; from < many.length; from += 100) await here.world.happen('r4', many.slice(from, from + 100))
  const head = MAX.recoverEvents + 2
  const fresh = await here.start()
  const cases = [
    { recover: true, offset: 1, epoch },
    { recover: true, offset: head - 1, epoch: 'another' },
    { recover: true, offset: head + 1, epoch },
  ]
  for (const position of cases) {
    const { client, sub } = await reconnect('ann', 'r4', position, fresh)
    using _ = client
    assert.deepEqual([sub?.was_recovering, sub?.recovered, sub?.publications], [true, undefined, undefined])
    assert.equal(sub?.offset, head)
  }
  const { client, sub } = await reconnect('ann', 'r4', { recover: true, offset: 2, epoch }, fresh)
  using _ = client
  assert.equal(sub?.publications?.length, MAX.recoverEvents)
})

test('more bytes missed than one reply carries, then told to reload', async () => {
  await here.world.room('r5', ['ann'])
  const epoch = await epochOf('r5', 'ann')
  const text = 'x'.repeat(8_000)
  for (let i = 0; i < 10; i += 1)
    await here.world.happen(
      'r5',
      Array.from({ length: 10 }, () => ({ type: 'message', text })),
    )
  const fresh = await here.start()
  const { client, sub } = await reconnect('ann', 'r5', { recover: true, offset: 1, epoch }, fresh)
  using _ = client
  assert.deepEqual([sub?.was_recovering, sub?.recovered, sub?.publications], [true, undefined, undefined])
})

test('a person’s own channel, then it recovers as well', async () => {
  await here.world.room('r6', ['kim'])
  using first = await RawClient.connected(here.edge.url, await token('kim'))
  const position = first.frames[0]?.connect?.subs['user:kim']
  first[Symbol.dispose]()
  await here.world.room('r7', ['kim'])
  const fresh = await here.start()
  using kim = await RawClient.connected(fresh.url, await token('kim'), {
    'user:kim': { recover: true, offset: position?.offset, epoch: position?.epoch },
  })
  const { subs } = kim.frames[0]?.connect ?? {}
  assert.equal(subs?.['user:kim']?.recovered, true)
  assert.deepEqual(
    subs?.['user:kim']?.publications?.map(({ data }) => data.type),
    ['room.added'],
  )
  assert.ok(subs?.['room:r7'])
})

test('history, then forwards, backwards, from a position, and only the position', async () => {
  await here.world.room('r8', ['ann'])
  await here.world.messages('r8', ['a', 'b', 'c', 'd'])
  using ann = await RawClient.connected(here.edge.url, await token('ann'))
  const ask = async (more: object) => (await ann.call({ history: { channel: 'room:r8', ...more } })).history
  const offsets = async (more: object) => (await ask(more))?.publications?.map(({ offset }) => offset)
  const { epoch, offset } = (await ask({})) ?? {}
  assert.deepEqual([offset, (await ask({}))?.publications], [5, undefined])
  assert.deepEqual(await offsets({ limit: 2 }), [1, 2])
  assert.deepEqual(await offsets({ limit: -1 }), [1, 2, 3, 4, 5])
  assert.deepEqual(await offsets({ limit: 2, reverse: true }), [5, 4])
  assert.deepEqual(await offsets({ limit: 2, since: { offset: 3, epoch } }), [4, 5])
  assert.deepEqual(await offsets({ limit: 2, since: { offset: 3, epoch }, reverse: true }), [2, 1])
  const foreign = { channel: 'room:r8', limit: 1, since: { offset: 3, epoch: 'another' } }
  assert.equal((await ann.call({ history: foreign })).error?.code, 112)
})
