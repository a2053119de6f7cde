import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Circuit, createCircuit } from './circuit.ts'

function start(): { clock: { ms: number }; circuit: Circuit } {
  const clock = { ms: 1_000_000 }
  return { clock, circuit: createCircuit(() => clock.ms) }
}

test('while the credential is good, all pushes go', () => {
  const { circuit } = start()
  assert.deepEqual([circuit.waitMs(), circuit.waitMs(), circuit.isOpen()], [0, 0, false])
})

test('a refused credential stops all pushes; then one at a time probes, and the wait doubles to 15 minutes', () => {
  const { circuit, clock } = start()
  const waits: number[] = []
  for (let refusal = 0; refusal < 7; refusal += 1) {
    assert.equal(circuit.waitMs(), 0)
    if (refusal > 0) assert.equal(circuit.waitMs(), 30_000, 'no second probe')
    circuit.refused()
    waits.push(circuit.peekMs())
    clock.ms += circuit.peekMs()
  }
  assert.deepEqual(waits, [30_000, 60_000, 120_000, 240_000, 480_000, 900_000, 900_000])
})

test('pushes that were in flight when it opened do not make it longer', () => {
  const { circuit } = start()
  circuit.refused()
  circuit.refused()
  assert.equal(circuit.waitMs(), 30_000)
})

test('a probe that is taken closes it, one without a verdict leaves the turn to the next', () => {
  const { circuit, clock } = start()
  circuit.refused()
  clock.ms += 30_000
  assert.equal(circuit.waitMs(), 0)
  circuit.undecided()
  assert.equal(circuit.waitMs(), 0)
  circuit.accepted()
  assert.deepEqual([circuit.waitMs(), circuit.waitMs(), circuit.isOpen()], [0, 0, false])
})

test('a provider that asks for quiet gets it, and asking again for less does not shorten it', () => {
  const { circuit, clock } = start()
  circuit.hold(60_000)
  circuit.hold(5_000)
  assert.equal(circuit.waitMs(), 60_000)
  assert.equal(circuit.isOpen(), false)
  clock.ms += 60_000
  assert.equal(circuit.waitMs(), 0)
})
