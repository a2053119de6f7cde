import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSlots } from './slots.ts'

test('no more than the bound run at once, the others follow in order, and a failure frees its slot', async () => {
  const slots = createSlots(2)
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
  const started: number[] = []
  const runs = gates.map((gate, index) =>
    slots(async () => {
      started.push(index)
      await gate.promise
      return index
    }),
  )
  assert.deepEqual(started, [0, 1])
  gates[1]?.reject(new Error('failed'))
  await assert.rejects(runs[1] ?? Promise.resolve(), /failed/)
  assert.deepEqual(started, [0, 1, 2])
  for (const gate of gates) gate.resolve()
  assert.deepEqual(await Promise.all([runs[0], runs[2], runs[3], runs[4]]), [0, 2, 3, 4])
  assert.deepEqual(started, [0, 1, 2, 3, 4])
})
