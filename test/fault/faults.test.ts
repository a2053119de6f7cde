import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseFaults, FAULTS } from './faults.ts'
import { fakeStage, fakeWorld } from './faults-fake-world.ts'
import { planFaults } from './plan.ts'
import { STATES } from './states.ts'

const MODES = ['safety', 'liveness'] as const

test('every fault, on each of its targets, does something to the world and is healed without a trace', async () => {
  for (const mode of MODES) {
    for (const kind of FAULTS[mode]) {
      for (const target of kind.targets) {
        const world = fakeWorld()
        const heal = await kind.inject(fakeStage(world, target))
        // To cut a push server's connections does nothing where there are none.
        if (kind.name !== 'push-goaway') assert.notDeepEqual(world.done, [], `${kind.name} on ${target} does nothing`)
        await heal()
        assert.deepEqual(world.wrong, [], `${kind.name} on ${target} is not healed`)
      }
    }
  }
})

test('faults that last a moment, between injection and healing, show in the world or are over at once', async () => {
  const over = /^(reset|roll|push|poison|strange|kill-clients)/
  for (const kind of FAULTS.safety) {
    if (over.test(kind.name)) continue
    const world = fakeWorld()
    await kind.inject(fakeStage(world, kind.targets[0] ?? ''))
    assert.notDeepEqual(world.wrong, [], kind.name)
  }
})

test('the table of faults, as it is, names each fault once, in words, with its number and states that there are', () => {
  for (const mode of MODES) {
    const names = FAULTS[mode].map(({ name }) => name)
    assert.deepEqual(names, [...new Set(names)])
    for (const { name, what, listed, shows = [] } of FAULTS[mode]) {
      assert.match(listed, /^F\d+$/, name)
      assert.ok(what.length > 10, name)
      for (const state of shows) assert.ok(state in STATES, `${name} shows ${state}`)
    }
  }
})

test('twenty runs of three minutes, planned from their seeds, have every fault among them', () => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 20; seed += 1) {
    const { faults } = planFaults({ seed, minutes: 3, mode: 'safety', faults: FAULTS.safety })
    assert.ok(faults.length >= 10, `seed ${seed} has ${faults.length} faults`)
    for (const { name } of faults) seen.add(name)
  }
  const missing = FAULTS.safety.filter(({ name }) => !seen.has(name)).map(({ name }) => name)
  assert.deepEqual(missing, [])
})

test('faults that are chosen by name, when one is unknown, are refused with its name', () => {
  assert.deepEqual(
    chooseFaults('safety', ['kill-edge']).map(({ name }) => name),
    ['kill-edge'],
  )
  assert.equal(chooseFaults('liveness').length, FAULTS.liveness.length)
  assert.throws(() => chooseFaults('safety', ['kill-edge', 'kill-everybody']), /no safety fault "kill-everybody"/)
})
