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
import { api, historyOf, logIn, Person } from './flow-fixture.ts'

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
  const name = more.NATS_NAMESPACE ?? `s${randomUUID().slice(0, 8)}`
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
      NATS_NAMESPACE: name,
      MONGO_DATABASE: name,
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

test('npm start, when ready, serves alice and bob and their desk, and ends with code 0 at Ctrl-C', async (t) => {
  const { child, url, lines } = await start(t)
  assert.deepEqual(
    lines.filter((line) => line.startsWith('switchboard ready')),
    [`switchboard ready ${url}`],
  )
  const password = 'switchboard'
  for (const user of ['alice', 'bob']) {
    const { status } = await api(url, { method: 'POST', path: '/v1/login', body: { user, password } })
    assert.equal(status, 200)
  }
  const { body: admin } = await api(url, { method: 'POST', path: '/v1/login', body: { user: 'admin', password } })
  const { body: desk } = await api(url, { path: '/v1/desks/support', token: admin.token })
  assert.deepEqual(
    desk.agents.map((agent: { user: string }) => agent.user),
    ['alice', 'bob'],
  )
  const page = await fetch(url)
  assert.match(await page.text(), /<div id="app">/)
  child.kill('SIGINT') // to the whole group, as a terminal does
  assert.deepEqual(await within(GONE_MS, child.exited, 'the end'), { code: 0, signal: null })
  await gone(url)
})

test('npm start twice on the same data, then the token is still good and the room as it was', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-again-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const servers = await startServers()
  t.after(() => servers[Symbol.asyncDispose]())
  const { natsUrl: NATS_URL, mongoUrl: MONGO_URL } = servers
  const same = { DATA_DIR: dataDir, NATS_NAMESPACE: `a${randomUUID().slice(0, 8)}`, NATS_URL, MONGO_URL }
  const first = await start(t, same)
  const token = await logIn(first.url, 'alice')
  using alice = await new Person(first.url, token).connect()
  const { room } = await alice.rpc<{ room: string }>('room.create', { cid: 'kept', kind: 'group', members: ['bob'] })
  await alice.rpc('message.send', { cid: 'm', room, text: 'kept over a restart' })
  first.child.kill('SIGTERM')
  assert.equal((await within(GONE_MS, first.child.exited, 'the end')).code, 0)

  const second = await start(t, same)
  const events = await historyOf(second.url, token, room)
  assert.deepEqual(
    events.map(({ seq, text }) => [seq, text]),
    [
      [1, undefined],
      [2, 'kept over a restart'],
    ],
  )
})

test('npm start, when a setting makes no sense, says so in one sentence and ends with code 1', async (t) => {
  await assert.rejects(start(t, { PORT: 'abc' }), /it ended:\nswitchboard: PORT must be a whole number[^\n]*$/)
  await assert.rejects(start(t, { MONGO_URL: 'http://h' }), /it ended:\nswitchboard: MONGO_URL must begin with[^\n]*$/)
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
