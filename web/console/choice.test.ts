import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choosing } from './choice.ts'

test('an offer taken, then its conversation is looked at, among one’s own', async () => {
  const { chosen, tab, chooseOnce } = choosing()
  tab.value = 'waiting'
  await chooseOnce(Promise.resolve(true), 'c1')
  assert.deepEqual([chosen.value, tab.value], ['c1', 'mine'])
})

test('an offer that another took, then what is looked at stays', async () => {
  const { chosen, tab, choose, chooseOnce } = choosing()
  choose('c0')
  tab.value = 'waiting'
  await chooseOnce(Promise.resolve(false), 'c1')
  assert.deepEqual([chosen.value, tab.value], ['c0', 'waiting'])
})

test('another one chosen before the answer, or the same one once more, then it stays', async () => {
  for (const second of ['c2', 'c0']) {
    const { chosen, choose, chooseOnce } = choosing()
    choose('c0')
    const answer = Promise.withResolvers<boolean>()
    const done = chooseOnce(answer.promise, 'c1')
    choose(second)
    answer.resolve(true)
    await done
    assert.equal(chosen.value, second)
  }
})
