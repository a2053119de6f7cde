import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

const SECONDS_MAX = 20
const moduleUrl = (name: string): string => new URL(name, import.meta.url).href

/** A service of a few lines, run in a process of its own; `body` is its start function. */
function runService(body: string, env: Record<string, string> = {}) {
  const script = `
    import { run } from '${moduleUrl('run.ts')}'
    import { COMMON_SETTINGS } from '${moduleUrl('settings.ts')}'
    const said = (text) => process.stdout.write(text + '\\n')
    await run('edge', { ...COMMON_SETTINGS, COLOR: { type: 'string', doc: 'Its color.' } }, async (context) => {
      ${body}
    })`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]
  const given = { PATH: '', OPERATOR_HOST: '127.0.0.1', OPERATOR_PORT: '0', LOG_LEVEL: 'silent', ...env }
  const child = spawn(process.execPath, args, { env: given, timeout: SECONDS_MAX * 1000 })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    output.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.err += chunk
  })
  const saying = async (word: string) => {
    while (!output.out.includes(word)) await once(child.stdout, 'data')
  }
  return { child, output, saying, closed: once(child, 'close') }
}

test('a process, with wrong settings, prints every problem and ends with 2', async () => {
  const { closed, output } = runService('throw new Error()', { NATS_REPLICAS: '9' })
  const [code] = await closed
  assert.equal(code, 2)
  assert.deepEqual(output.err.trim().split('\n'), [
    'edge: NATS_REPLICAS must be at most 5, not "9"',
    'edge: COLOR is required: Its color.',
  ])
})

const STARTS = `
  context.signal.addEventListener('abort', () => said('signal: ' + context.health.describe()))
  said('started ' + context.settings.COLOR)
  return { [Symbol.asyncDispose]: async () => said('disposed') }`

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`a process, told ${signal}, drains, then disposes, and ends with 0`, async () => {
    const { child, closed, output, saying } = runService(STARTS, { COLOR: 'red' })
    await saying('started')
    child.kill(signal)
    const [code] = await closed
    assert.equal(code, 0, output.err)
    assert.deepEqual(output.out.trim().split('\n'), ['started red', 'signal: draining', 'disposed'])
  })
}

test('a process, told SIGTERM again while it stops, finishes all the same, and ends with 0', async () => {
  const slow = STARTS.replace(
    "async () => said('disposed')",
    "() => new Promise((done) => setTimeout(() => { said('disposed'); done() }, 500))",
  )
  const { child, closed, output, saying } = runService(slow, { COLOR: 'red' })
  await saying('started')
  child.kill('SIGTERM')
  await saying('signal')
  child.kill('SIGTERM')
  const [code] = await closed
  assert.equal(code, 0, output.err)
  assert.deepEqual(output.out.trim().split('\n'), ['started red', 'signal: draining', 'disposed'])
})

for (const [how, body] of [
  ['in its start', "throw new TypeError('a bug')"],
  ['out of band', "setTimeout(() => { throw new TypeError('a bug') }, 1); return { async [Symbol.asyncDispose]() {} }"],
  [
    'by a promise nobody waits for',
    "Promise.reject(new TypeError('a bug')); return { async [Symbol.asyncDispose]() {} }",
  ],
  ['by crash()', "context.crash(new TypeError('a bug')); return { async [Symbol.asyncDispose]() {} }"],
  [
    'while it stops',
    "process.kill(process.pid, 'SIGTERM'); return { async [Symbol.asyncDispose]() { throw new TypeError('a bug') } }",
  ],
] as const) {
  test(`a process, that meets a bug ${how}, logs it and ends with 1`, async () => {
    const { closed, output } = runService(body, { COLOR: 'red', LOG_LEVEL: 'fatal' })
    const [code] = await closed
    assert.equal(code, 1)
    assert.match(output.out + output.err, /"msg":"crashed"/)
    assert.match(output.out + output.err, /TypeError: a bug/)
  })
}
