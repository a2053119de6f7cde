import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alternate } from './pairs.ts'

const report = () => {}

test('two subjects and three pairs, then they take turns and the warm-up does not count', async () => {
  const order: string[] = []
  const subject = (name: string) => async () => ({ us: order.push(name) })
  const samples = await alternate({ a: subject('a'), b: subject('b') }, { pairs: 3, report })
  assert.equal(order.join(' '), 'a b a b a b a b')
  assert.deepEqual(samples, { a: { us: [3, 5, 7] }, b: { us: [4, 6, 8] } })
})

test('a subject finds its run void, then there are no figures at all', async () => {
  let round = 0
  const broken = async () => {
    round += 1
    if (round === 3) throw new Error('lost one')
    return { us: 1 }
  }
  await assert.rejects(alternate({ a: broken, b: async () => ({ us: 1 }) }, { pairs: 3, report }), /lost one/)
  assert.equal(round, 3)
})

test('a figure that is missing in one round, then no pairs are made of the others', async () => {
  let round = 0
  const comes = async () => (++round === 2 ? { us: 1 } : { us: 1, ms: 2 })
  await assert.rejects(alternate({ a: comes }, { pairs: 3, report, warmUps: 0 }), /a gave no ms in round 2/)
  round = 1
  await assert.rejects(alternate({ a: comes }, { pairs: 3, report, warmUps: 0 }), /a has no ms of an earlier round/)
})
