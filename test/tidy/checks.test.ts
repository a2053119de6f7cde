import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHANNELS } from '@switchboard/contracts/channels'
import { hold, show } from './check.ts'
import { channelFiles, headerOf } from './check-channels.ts'
import { parts } from './check-shapes.ts'
import { CHECKS } from './checks.ts'
import { SAMPLES } from './samples.ts'

/** Checks that ask for files by name: their right tree is the repository's own shape, see below. */
const WHOLE_TREE = new Set([channelFiles, parts])

for (const check of CHECKS) {
  if (WHOLE_TREE.has(check)) continue
  const sample = SAMPLES[check.name]
  test(`${check.rule}, ${check.name}, has samples and holds them apart`, () => {
    assert.ok(sample, 'no sample shows that this check can fail')
    for (const [what, files] of Object.entries(sample.wrong)) {
      assert.notDeepEqual(check.find(files), [], `"${what}" passed`)
    }
    assert.deepEqual(check.find(sample.right).map(show), [])
  })
}

test('samples, each of them, belong to a check that there is', () => {
  const names = new Set(CHECKS.map(({ name }) => name))
  for (const name of Object.keys(SAMPLES)) assert.ok(names.has(name), `there is no check "${name}"`)
})

const services = ['edge', 'router', 'storage', 'notifier']
const declared = Object.entries(CHANNELS).flatMap(([name, { producers, consumers }]) => [
  ...producers.filter((party) => services.includes(party)).map((party) => `services/${party}/src/to-${name}.ts`),
  ...consumers.filter((party) => services.includes(party)).map((party) => `services/${party}/src/from-${name}.ts`),
])
const tree = declared.map((path) => ({ path, text: '' }))

test('channels and files, when they agree, then nothing is found', () => {
  assert.deepEqual(channelFiles.find(tree), [])
  assert.ok(tree.some(({ path }) => path === 'services/edge/src/from-log.ts'))
})

test('channels and files, when one file is missing or too many, then it is named', () => {
  for (const path of declared) {
    const found = channelFiles.find(tree.filter((file) => file.path !== path))
    assert.deepEqual(
      found.map((finding) => finding.path),
      [path],
    )
  }
  const path = 'services/edge/src/from-mongo.ts'
  assert.deepEqual(
    channelFiles.find([...tree, { path, text: '' }]).map((finding) => finding.path),
    [path],
  )
})

test('parts of a service, when one is missing or exports nothing, then it is named', () => {
  const texts = {
    'main.ts': 'await run(1)',
    'config.ts': 'export const settings = table({})',
    'app.ts': 'export async function startX() {}',
    'events.ts': 'export const createEvents = 1',
  }
  const whole = services.flatMap((service) =>
    Object.entries(texts).map(([file, text]) => ({ path: `services/${service}/src/${file}`, text })),
  )
  assert.deepEqual(parts.find(whole), [])
  assert.equal(parts.find(whole.slice(1)).length, 1)
  assert.equal(parts.find(whole.map((file) => ({ ...file, text: '' }))).length, whole.length)
})

test('exceptions, when needed and when not, then they silence or are found', () => {
  const check = CHECKS.find(({ name }) => name === 'acknowledged in libs/bus alone')
  assert.ok(check)
  const path = 'services/edge/src/x.ts'
  const wrong = [{ path, text: 'message.ack()' }]
  const exception = { check: check.name, path, reason: 'because' }
  assert.equal(hold(check, wrong, []).length, 1)
  assert.deepEqual(hold(check, wrong, [exception]), [])
  const [needless] = hold(check, [{ path, text: '' }], [exception])
  assert.match(needless?.message ?? '', /does not need to be/)
})

test('a header, read, has its six fields', () => {
  const header = headerOf(SAMPLES['six-line headers']?.right[0]?.text ?? '')
  assert.equal(header?.channel, 'log (JetStream)')
  assert.equal(header?.acked, 'never')
})
