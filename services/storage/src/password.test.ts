import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from './password.ts'

test('createGate, with as many running and waiting as may, then the next is turned away and a freed place is taken', async () => {
  const gate = createGate(1, 1)
  const ends = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  const begun: number[] = []
  const runs = ends.map((end, i) =>
    gate(() => {
      begun.push(i)
      return end.promise
    }),
  )
  assert.equal(await gate(async () => 'turned away'), undefined)
  assert.deepEqual(begun, [0])
  ends[0]?.reject(new Error('failed'))
  await assert.rejects(runs[0] ?? Promise.resolve(), /failed/)
  const third = gate(async () => 'third')
  ends[1]?.resolve('second')
  assert.deepEqual(await Promise.all([runs[1], third]), ['second', 'third'])
  assert.deepEqual(begun, [0, 1])
})
