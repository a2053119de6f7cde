import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RoomTurns } from './room-turns.ts'

/** A world in which turns end when the test says so. */
function world() {
  const begun: { room: string; items: readonly number[]; end: PromiseWithResolvers<string> }[] = []
  const time = { now: 0, timers: [] as { at: number; then: () => void }[] }
  const turns = new RoomTurns<number, string>({
    take: (room, items) => {
      const end = Promise.withResolvers<string>()
      begun.push({ room, items, end })
      return end.promise
    },
    restMs: 100,
    pause: (ms) => new Promise((then) => time.timers.push({ at: time.now + ms, then })),
  })
  const pass = async (ms: number) => {
    await settled()
    time.now += ms
    for (const { then } of time.timers.filter(({ at }) => at <= time.now)) then()
    time.timers = time.timers.filter(({ at }) => at > time.now)
    await settled()
  }
  return { begun, turns, pass }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('RoomTurns, items while a turn runs, then they go into the next one together', async () => {
  const { begun, turns, pass } = world()
  const first = turns.add('tea', 1)
  await settled()
  const later = [turns.add('tea', 2), turns.add('tea', 3)]
  await settled()
  assert.deepEqual(
    begun.map(({ items }) => items),
    [[1]],
  )
  begun[0]?.end.resolve('one')
  assert.equal(await first, 'one')
  await pass(100)
  await pass(100)
  assert.deepEqual(begun[1]?.items, [2, 3])
  begun[1]?.end.resolve('two')
  assert.deepEqual(await Promise.all(later), ['two', 'two'])
})

test('RoomTurns, items close behind a turn, then they wait for a rest of their own; in a quiet room, one has its turn at once', async () => {
  const { begun, turns, pass } = world()
  const items = () => begun.map((turn) => turn.items)
  const add = (item: number) => void turns.add('tea', item)
  add(1)
  begun[0]?.end.resolve('one')
  await pass(30)
  add(2)
  await pass(60)
  add(3)
  await pass(10)
  add(4)
  await pass(90)
  assert.deepEqual(items(), [[1]])
  await pass(10)
  assert.deepEqual(items(), [[1], [2, 3]])
  begun[1]?.end.resolve('two')
  await pass(99)
  assert.equal(items().length, 2)
  await pass(1)
  assert.deepEqual(items().at(-1), [4])
  begun[2]?.end.resolve('three')
  await settled()
  add(5)
  assert.deepEqual(items().at(-1), [5])
})

test('RoomTurns, several rooms, then none waits for another', async () => {
  const { begun, turns } = world()
  void turns.add('tea', 1)
  const coffee = turns.add('coffee', 1)
  await settled()
  assert.deepEqual(
    begun.map(({ room }) => room),
    ['tea', 'coffee'],
  )
  begun[1]?.end.resolve('done')
  assert.equal(await coffee, 'done')
})

test('RoomTurns, a turn that fails, then its items hear it and the room goes on', async () => {
  const { begun, turns, pass } = world()
  const failing = turns.add('tea', 1)
  await settled()
  begun[0]?.end.reject(new Error('away'))
  await assert.rejects(failing, /away/)
  const next = turns.add('tea', 2)
  await pass(100)
  await pass(100)
  begun[1]?.end.resolve('well')
  assert.equal(await next, 'well')
})
