import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { within } from './deadline.ts'
import { workerArgument, workerOf } from './worker-words.ts'

const SECONDS_MAX = 50
const moduleUrl = (name: string): string => new URL(name, import.meta.url).href

/** An edge of a few lines: `BODY` says what its start does. Workers are forked, so it lies in a file. */
const PROGRAM = `
  import { run } from '${moduleUrl('run.ts')}'
  import { COMMON_SETTINGS, SettingsError } from '${moduleUrl('settings.ts')}'
  const settings = {
    ...COMMON_SETTINGS,
    EDGE_WORKERS: { type: 'integer', default: 1, min: 1, doc: '' },
    BODY: { type: 'string', doc: '' },
  }
  const said = (text) => process.stdout.write(text + '\\n')
  const stop = { [Symbol.asyncDispose]: async () => {} }
  await run('edge', settings, (context) => {
    const AsyncFunction = (async () => {}).constructor
    return new AsyncFunction('context', 'said', 'stop', 'SettingsError', context.settings.BODY)(
      context, said, stop, SettingsError)
  })
`

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'switchboard-workers-'))
  await writeFile(join(directory, 'program.mjs'), PROGRAM)
})
after(() => rm(directory, { recursive: true, force: true }))

function runProgram(body: string, env: Record<string, string> = {}) {
  const given = { PATH: '', OPERATOR_HOST: '127.0.0.1', OPERATOR_PORT: '0', LOG_LEVEL: 'fatal', BODY: body, ...env }
  const args = ['--disable-warning=ExperimentalWarning', join(directory, 'program.mjs')]
  const child = spawn(process.execPath, args, { env: given, timeout: SECONDS_MAX * 1_000 })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    output.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.err += chunk
  })
  const until = async (is: () => boolean) => {
    while (!is()) await within(SECONDS_MAX * 1_000, once(child.stdout, 'data'), `what it says: ${output.out}`)
  }
  return { child, output, until, closed: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> }
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
const count = (text: string, word: string): number => text.split(word).length - 1
/** Without what differs from process to process: which it is, and through which functions it came there. */
const plain = (text: string): string[] =>
  lines(text).map((line) => line.replaceAll(/"(time|pid|worker)":\d+,?|"stack":"[^"]*",?/g, ''))

test('the argument of a worker, read again, is its number, and other arguments are none', () => {
  assert.equal(workerOf(['node', 'main.ts', workerArgument(12)]), 12)
  assert.equal(workerOf(['node', 'main.ts', '--workers=2']), null)
})

for (const [what, body, env] of [
  ['settings that do not parse', 'return stop', { NATS_REPLICAS: '9' }],
  ['settings that the service refuses', "throw new SettingsError(['PORT must be another'])", {}],
  ['a bug in the start', "throw new TypeError('a bug')", {}],
] as const) {
  test(`${what}, with two workers, ends as with one process: the same words once, the same code`, async () => {
    const [one, two] = ['1', '2'].map((EDGE_WORKERS) => runProgram(body, { ...env, EDGE_WORKERS }))
    assert.ok(one && two)
    const [[oneCode], [twoCode]] = await Promise.all([one.closed, two.closed])
    assert.equal(twoCode, oneCode)
    assert.ok(oneCode !== null && oneCode > 0, `ended with ${oneCode}`)
    assert.deepEqual(plain(two.output.err), plain(one.output.err))
    assert.deepEqual(plain(two.output.out), plain(one.output.out))
    assert.equal(lines(one.output.out + one.output.err).length, 1)
  })
}

test('workers, when they run, have a number each, and their parent runs no service', async () => {
  const { child, closed, output, until } = runProgram("said('worker ' + context.worker); return stop", {
    EDGE_WORKERS: '3',
  })
  await until(() => count(output.out, 'worker ') === 3)
  child.kill('SIGTERM')
  assert.deepEqual(await closed, [0, null])
  assert.deepEqual(lines(output.out).sort(), ['worker 1', 'worker 2', 'worker 3'])
})

test('workers, when their parent is told SIGTERM, stop in order, are waited for, and it ends with 0', async () => {
  const body = `said('up'); return { [Symbol.asyncDispose]: () =>
    new Promise((done) => setTimeout(() => { said('down ' + context.signal.aborted); done() }, 300)) }`
  const { child, closed, output, until } = runProgram(body, { EDGE_WORKERS: '2' })
  await until(() => count(output.out, 'up') === 2)
  child.kill('SIGTERM')
  assert.deepEqual(await closed, [0, null])
  assert.equal(count(output.out, 'down true'), 2)
})

test('a worker that meets a bug while it stops makes the code 1, as one process would', async () => {
  const body = `said('up'); return { [Symbol.asyncDispose]: async () => {
    if (context.worker === 2) throw new TypeError('a bug') } }`
  const { child, closed, output, until } = runProgram(body, { EDGE_WORKERS: '2' })
  await until(() => count(output.out, 'up') === 2)
  child.kill('SIGTERM')
  assert.deepEqual(await closed, [1, null])
  assert.match(output.out, /TypeError: a bug/)
})

test('workers, when their parent is killed, end by themselves', async () => {
  const { child, closed, output, until } = runProgram("said('up'); return stop", { EDGE_WORKERS: '2' })
  await until(() => count(output.out, 'up') === 2)
  child.kill('SIGKILL')
  // Its output is theirs, too: it closes when the last of them is gone.
  await within(SECONDS_MAX * 1_000, closed, 'the end of all workers')
  assert.equal(count(output.out, 'the parent of this worker is gone'), 2)
})
