import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '@switchboard/testkit/random'
import { VoidRunError } from '../measure/void-run.ts'
import { judgeSeries, medianBounds, SERIES, type SeriesOptions, verdictOf } from './judge.ts'

const options: SeriesOptions = { ...SERIES, recorded: 1, worse: 1.2, isLate: () => false }

/** Ratios around a true one; `noise` is the standard deviation of their logarithm, with a wild one now and then. */
function noisy(truth: number, { noise, seed }: { noise: number; seed: number }): () => Promise<number> {
  const random = randomFrom(seed)
  return async () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const wild = random() < 0.05 ? 2 : 1
    return truth * wild * Math.exp(noise * normal)
  }
}

const SERIES_COUNT = 1_000

/** The share of many series that fail. */
async function failing(truth: number, noise: number): Promise<number> {
  let failed = 0
  for (let seed = 1; seed <= SERIES_COUNT; seed += 1)
    if ((await judgeSeries(noisy(truth, { noise, seed }), options)).verdict === 'worse') failed += 1
  return failed / SERIES_COUNT
}

test('values of which half lie on each side, then the bounds of their median are those of the binomial tables', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
  assert.equal(medianBounds(upTo(5), 0.95), undefined)
  assert.deepEqual(medianBounds(upTo(6), 0.95), { low: 1, high: 6 })
  assert.deepEqual(medianBounds(upTo(9), 0.95), { low: 2, high: 8 })
  assert.deepEqual(medianBounds(upTo(15), 0.95), { low: 4, high: 12 })
  assert.deepEqual(medianBounds(upTo(20).reverse(), 0.95), { low: 6, high: 15 })
  assert.equal(medianBounds([], 0.95), undefined)
})

test('bounds and a border, then only what lies wholly beyond it is worse', () => {
  assert.equal(verdictOf({ low: 1.21, high: 2 }, 1.2), 'worse')
  assert.equal(verdictOf({ low: 1.19, high: 2 }, 1.2), 'open')
  assert.equal(verdictOf({ low: 0.5, high: 1.2 }, 1.2), 'holds')
})

test('the median of known noise, looked for many times, then the bounds hold it as often as promised', async () => {
  let held = 0
  for (let seed = 1; seed <= SERIES_COUNT; seed += 1) {
    const random = randomFrom(seed)
    const bounds = medianBounds(Array.from({ length: 12 }, random), 0.95)
    if (bounds && bounds.low <= 0.5 && bounds.high >= 0.5) held += 1
  }
  assert.ok(held / SERIES_COUNT >= 0.95, `${held} of ${SERIES_COUNT}`)
})

test('nothing has become worse and the noise is large, then hardly any series fails', async () => {
  for (const noise of [0.03, 0.1, 0.2, 0.3]) {
    const share = await failing(1, noise)
    assert.ok(share <= 0.005, `noise ${noise}: ${share} fail`)
  }
  // A tenth worse is not yet a fifth.
  for (const noise of [0.03, 0.1]) {
    const share = await failing(1.1, noise)
    assert.ok(share <= 0.02, `a tenth worse, noise ${noise}: ${share} fail`)
  }
})

test('worse by thirty in a hundred, then nearly every series fails, by half nearly every noisy one too', async () => {
  for (const [truth, noise, least] of [
    [1.3, 0.03, 0.99],
    [1.3, 0.05, 0.95],
    [1.5, 0.1, 0.97],
  ] as const) {
    const share = await failing(truth, noise)
    assert.ok(share >= least, `${truth}, noise ${noise}: only ${share} fail`)
  }
})

test('a series that is worse and one that only scatters, then the first fails and the second does not', async () => {
  const worse = await judgeSeries(noisy(1.3, { noise: 0.04, seed: 7 }), options)
  assert.equal(worse.verdict, 'worse')
  assert.ok(worse.low > options.worse && worse.median > 1.25)
  const scattered = await judgeSeries(noisy(1, { noise: 0.3, seed: 7 }), options)
  assert.notEqual(scattered.verdict, 'worse')
})

test('bounds that straddle the border, then pairs are added up to the bound, and when time is over none', async () => {
  const turns = () => {
    let i = 0
    return async () => (++i % 2 === 0 ? 1 : 1.5)
  }
  const whole = await judgeSeries(turns(), options)
  assert.deepEqual([whole.verdict, whole.ratios.length], ['open', options.pairsMax])
  const late = await judgeSeries(turns(), { ...options, isLate: () => true })
  assert.deepEqual([late.verdict, late.ratios.length], ['open', options.pairsMin])
})

test('void runs are repeated and counted, then one too many ends it, as anything else that is thrown does', async () => {
  const voidTimes = (times: number) => {
    let i = 0
    return async () => {
      i += 1
      if (i <= times) throw new VoidRunError('lost one')
      return 1
    }
  }
  const { voids, verdict, ratios } = await judgeSeries(voidTimes(options.voidsMax), options)
  assert.deepEqual([voids, verdict, ratios.length], [options.voidsMax, 'holds', options.pairsMin])
  await assert.rejects(judgeSeries(voidTimes(options.voidsMax + 1), options), /lost one/)
  const broken = async () => {
    throw new Error('no server')
  }
  await assert.rejects(judgeSeries(broken, options), /no server/)
})
