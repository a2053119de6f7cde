import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { askTogether } from './ask-together.ts'

type Answers = readonly (string | Refusal)[] | Refusal

/** A world in which questions are answered, and pauses end, when the test says so. */
function world({ weightMax = 100, atOnceMax = 1, everyMs = 100 } = {}) {
  const asked: { items: readonly number[]; answer: PromiseWithResolvers<Answers> }[] = []
  const pauses: PromiseWithResolvers<void>[] = []
  const ask = askTogether<number, string>({
    ask: (items) => {
      const answer = Promise.withResolvers<Answers>()
      asked.push({ items, answer })
      return answer.promise
    },
    weigh: (item) => item,
    weightMax,
    atOnceMax,
    everyMs,
    pause: () => {
      const ended = Promise.withResolvers<void>()
      pauses.push(ended)
      return ended.promise
    },
  })
  return { ask, asked, pauses }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('the first goes out at once, what comes until the pause is over goes together', async () => {
  const { ask, asked, pauses } = world()
  const first = ask(1)
  assert.deepEqual(asked[0]?.items, [1])
  const second = ask(2)
  asked[0]?.answer.resolve(['one'])
  assert.equal(await first, 'one')
  await settled()
  const third = ask(3)
  assert.equal(asked.length, 1)
  pauses[0]?.resolve()
  await settled()
  assert.deepEqual(asked[1]?.items, [2, 3])
  asked[1]?.answer.resolve(['two', refuse('not_found')])
  assert.equal(await second, 'two')
  assert.equal(((await third) as Refusal).code, 'not_found')
})

test('after a pause in which nothing came, the next goes out at once again', async () => {
  const { ask, asked, pauses } = world()
  void ask(1)
  asked[0]?.answer.resolve(['one'])
  await settled()
  pauses[0]?.resolve()
  await settled()
  void ask(2)
  assert.deepEqual(asked[1]?.items, [2])
})

test('what is too much for one question, or had no place in its answer, is asked without a pause', async () => {
  const { ask, asked, pauses } = world({ weightMax: 10 })
  const answers = [ask(7)]
  answers.push(ask(20), ask(4), ask(5), ask(6))
  const answer = async (i: number, ...given: string[]) => {
    asked[i]?.answer.resolve(given)
    await settled()
  }
  await answer(0, 'seven')
  pauses[0]?.resolve()
  await settled()
  assert.deepEqual(asked[1]?.items, [20])
  await answer(1, 'twenty')
  assert.deepEqual(asked[2]?.items, [4, 5])
  await answer(2, 'four')
  assert.deepEqual(asked[3]?.items, [5])
  await answer(3, 'five')
  assert.deepEqual(asked[4]?.items, [6])
  await answer(4, 'six')
  assert.deepEqual(await Promise.all(answers), ['seven', 'twenty', 'four', 'five', 'six'])
})

test('a refusal and an error are those of all who asked, and the next are asked', async () => {
  const { ask, asked, pauses } = world()
  void ask(0)
  const refused = [ask(1), ask(2)]
  const next = async (i: number) => {
    await settled()
    pauses[i]?.resolve()
    await settled()
  }
  asked[0]?.answer.resolve(['zero'])
  await next(0)
  asked[1]?.answer.resolve(refuse('unavailable'))
  for (const answer of await Promise.all(refused)) assert.equal((answer as Refusal).code, 'unavailable')
  const failing = ask(3)
  await next(1)
  asked[2]?.answer.reject(new Error('a bug'))
  await assert.rejects(failing, /a bug/)
  const well = ask(4)
  await next(2)
  asked[3]?.answer.resolve(['four'])
  assert.equal(await well, 'four')
})

test('an answer that holds nothing is an error, and not asked for again for ever', async () => {
  const { ask, asked } = world()
  const failing = ask(1)
  asked[0]?.answer.resolve([])
  await assert.rejects(failing, /holds nothing/)
})

test('an answer that was cut, then the next question asks for no more than had place, and then for more again', async () => {
  const { ask, asked } = world({ everyMs: 0 })
  void ask(0)
  const answers = Array.from({ length: 20 }, () => ask(1))
  const answer = async (i: number, count: number) => {
    asked[i]?.answer.resolve(Array.from({ length: count }, () => 'yes'))
    await settled()
  }
  for (const [i, count] of [1, 3, 3, 6, 8].entries()) await answer(i, count)
  assert.deepEqual(
    asked.map(({ items }) => items.length),
    [1, 20, 3, 6, 8],
  )
  assert.equal((await Promise.all(answers)).length, 20)
})

test('a question that is too large, then it is asked in parts; one alone is refused', async () => {
  const { ask, asked } = world({ everyMs: 0 })
  void ask(0)
  const answers = Array.from({ length: 3 }, () => ask(1))
  for (const answer of [['zero'], refuse('too_large'), refuse('too_large'), ['one'], ['two']]) {
    asked.at(-1)?.answer.resolve(answer)
    await settled()
  }
  assert.deepEqual(
    asked.map(({ items }) => items.length),
    [1, 3, 1, 1, 1],
  )
  const [refused, ...others] = await Promise.all(answers)
  assert.equal((refused as Refusal).code, 'too_large')
  assert.deepEqual(others, ['one', 'two'])
})

test('several questions at once, then what comes beyond them is gathered', async () => {
  const { ask, asked } = world({ atOnceMax: 2, everyMs: 0 })
  void [1, 2, 3, 4].map((item) => ask(item))
  assert.deepEqual(
    asked.map(({ items }) => items),
    [[1], [2]],
  )
  asked[1]?.answer.resolve(['two'])
  await settled()
  assert.deepEqual(
    asked.slice(2).map(({ items }) => items),
    [[3, 4]],
  )
})
