import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookTogether } from './look-together.ts'

/** Looks that end when the test says so. */
function looking() {
  const looks: { key: string; end: PromiseWithResolvers<number> }[] = []
  const look = lookTogether((key: string) => {
    const end = Promise.withResolvers<number>()
    looks.push({ key, end })
    return end.promise
  })
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  return { look, looks, turn, keys: () => looks.map(({ key }) => key) }
}

test('many look while one looks, then they share the next look, which begins after they asked', async () => {
  const { look, looks, keys, turn } = looking()
  const first = look('a')
  const others = [look('a'), look('a'), look('b')]
  assert.deepEqual(keys(), ['a', 'b'])
  looks[0]?.end.resolve(1)
  assert.equal(await first, 1)
  await turn()
  assert.deepEqual(keys(), ['a', 'b', 'a'])
  looks[2]?.end.resolve(2)
  looks[1]?.end.resolve(7)
  assert.deepEqual(await Promise.all(others), [2, 2, 7])
})

test('a look fails, then only those who shared it learn of it, and the next one looks anew', async () => {
  const { look, looks, turn } = looking()
  const [first, second] = [look('a'), look('a')]
  looks[0]?.end.reject(new Error('away'))
  await assert.rejects(first, /away/)
  await turn()
  looks[1]?.end.resolve(3)
  assert.equal(await second, 3)
  await turn()
  const third = look('a')
  assert.equal(looks.length, 3)
  looks[2]?.end.resolve(4)
  assert.equal(await third, 4)
})
