import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { within } from '@switchboard/runtime/deadline'
import { type Child, startChild } from '@switchboard/testkit/child'
import { freePort } from '@switchboard/testkit/ports'
import { startServers } from '@switchboard/testkit/servers'
import { api } from './flow-fixture.ts'

const BOOT = fileURLToPath(new URL('../../tools/boot.mjs', import.meta.url))
const READY_MS = 120_000
const GONE_MS = 40_000

interface Started {
  readonly child: Child
  readonly url: string
  readonly lines: readonly string[]
}

/** `npm start` without npm, on the servers of the tests. */
async function start(t: TestContext, more: Record<string, string> = {}): Promise<Started> {
  const servers = await startServers()
  const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-start-'))
  const name = randomUUID().slice(0, 8)
  const port = await freePort()
  const lines: string[] = []
  const ready = Promise.withResolvers<void>()
  const child = await startChild({
    name: 'npm start',
    command: process.execPath,
    args: [BOOT, 'start'],
    env: {
      PORT: String(port),
      DATA_DIR: dataDir,
      NATS_URL: servers.natsUrl,
      MONGO_URL: servers.mongoUrl,
      NATS_NAMESPACE: `s${name}`,
      MONGO_DATABASE: `start_${name}`,
      ...more,
    },
    stopSecondsMax: GONE_MS / 1000,
    onLine: (line) => {
      lines.push(line)
      if (line.startsWith('switchboard ready ')) ready.resolve()
    },
  })
  t.after(async () => {
    await child.stop()
    await servers[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true })
  })
  void child.exited.then(() => ready.reject(new Error(`it ended:\n${lines.join('\n')}`)))
  await within(READY_MS, ready.promise, 'npm start')
  return { child, url: `http://127.0.0.1:${port}`, lines }
}

/** Resolves when nothing answers at `url` any more. */
async function gone(url: string): Promise<void> {
  const deadline = Date.now() + GONE_MS
  for (;;) {
    const answers = await fetch(`${url}/.well-known/jwks.json`).then(
      () => true,
      () => false,
    )
    if (!answers) return
    assert.ok(Date.now() < deadline, `${url} still answers`)
  }
}

test('npm start, when ready, serves alice and bob, and ends with code 0 at Ctrl-C', async (t) => {
  const { child, url, lines } = await start(t)
  assert.deepEqual(
    lines.filter((line) => line.startsWith('switchboard ready')),
    [`switchboard ready ${url}`],
  )
  for (const user of ['alice', 'bob']) {
    const { status } = await api(url, { method: 'POST', path: '/v1/login', body: { user, password: 'switchboard' } })
    assert.equal(status, 200)
  }
  const page = await fetch(url)
  assert.match(await page.text(), /<div id="app">/)
  child.kill('SIGINT') // to the whole group, as a terminal does
  assert.deepEqual(await within(GONE_MS, child.exited, 'the end'), { code: 0, signal: null })
  await gone(url)
})

test('npm start, when killed, leaves nothing running', async (t) => {
  const { child, url } = await start(t)
  process.kill(child.pid, 'SIGKILL')
  await gone(url)
})

test('npm start, when a port is in use, says so in one sentence and ends with code 1', async (t) => {
  const { url } = await start(t)
  const { port } = new URL(url)
  const failed = start(t, { PORT: port })
  await assert.rejects(failed, new RegExp(`it ended:\nswitchboard: port ${port} on 127.0.0.1 is in use: [^\n]*$`))
})
