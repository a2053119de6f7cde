import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readSettings } from '@switchboard/runtime/settings'
import { startChild } from '../src/child.ts'
import { chooseServers, TEST_SETTINGS } from '../src/servers.ts'
import { mongoAnswers, natsAnswers } from '../src/servers-answer.ts'

const kind = await chooseServers(readSettings(TEST_SETTINGS).TEST_SERVERS)
const SERVERS = fileURLToPath(new URL('../src/servers.ts', import.meta.url))
const GONE_SECONDS_MAX = 30

test(`${kind} do not outlive the process that started them, even when it is killed`, async () => {
  const urls = Promise.withResolvers<{ natsUrl: string; mongoUrl: string }>()
  await using owner = await startChild({
    name: 'owner',
    command: process.execPath,
    args: [
      '--input-type=module',
      '--eval',
      `import { startServers } from ${JSON.stringify(SERVERS)}
       const { natsUrl, mongoUrl } = await startServers({ own: true, kind: ${JSON.stringify(kind)} })
       console.log(JSON.stringify({ natsUrl, mongoUrl }))
       process.stdin.resume()`,
    ],
    onLine: (line) => urls.resolve(JSON.parse(line)),
  })
  void owner.exited.then(() => urls.reject(new Error(`the owner ended: ${owner.tail().join('\n')}`)))
  const { natsUrl, mongoUrl } = await urls.promise
  assert.equal(await natsAnswers(natsUrl), undefined)
  assert.equal(await mongoAnswers(mongoUrl), undefined)
  process.kill(owner.pid, 'SIGKILL')
  const deadline = Date.now() + GONE_SECONDS_MAX * 1000
  const gone = async () => (await natsAnswers(natsUrl)) !== undefined && (await mongoAnswers(mongoUrl)) !== undefined
  while (!(await gone())) assert.ok(Date.now() < deadline, 'the servers are still there')
})
