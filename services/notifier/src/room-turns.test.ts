import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RoomTurns } from './room-turns.ts'

/** A world in which turns end when the test says so. */
function world() {
  const begun: { room: string; items: readonly number[]; end: PromiseWithResolvers<string> }[] = []
  const turns = new RoomTurns<number, string>((room, items) => {
    const end = Promise.withResolvers<string>()
    begun.push({ room, items, end })
    return end.promise
  })
  return { begun, turns }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('RoomTurns, items while a turn runs, then they go into the next one together', async () => {
  const { begun, turns } = world()
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
  await settled()
  assert.deepEqual(begun[1]?.items, [2, 3])
  begun[1]?.end.resolve('two')
  assert.deepEqual(await Promise.all(later), ['two', 'two'])
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
  const { begun, turns } = world()
  const failing = turns.add('tea', 1)
  await settled()
  begun[0]?.end.reject(new Error('away'))
  await assert.rejects(failing, /away/)
  const next = turns.add('tea', 2)
  await settled()
  begun[1]?.end.resolve('well')
  assert.equal(await next, 'well')
})
