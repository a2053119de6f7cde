import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freePort } from '@switchboard/testkit/ports'
import { claimDataDir } from './claim.ts'
import { openLogFile } from './log-file.ts'
import { readStartSettings } from './settings.ts'
import { SetupError } from './setup-error.ts'

const directory = mkdtempSync(join(tmpdir(), 'switchboard-settings-'))
after(() => rmSync(directory, { recursive: true }))

const refusal = async (env: Record<string, string>) => {
  const error = await readStartSettings({ DATA_DIR: directory, ...env }).catch((error: unknown) => error)
  assert.ok(error instanceof SetupError, `accepted, or a bug: ${JSON.stringify(error)}`)
  return error.message
}

test('a broken setting is one sentence that begins with its name', async () => {
  assert.match(await refusal({ PORT: 'abc' }), /^PORT must be a whole number, not "abc"$/)
  assert.match(await refusal({ PORT: '70000' }), /^PORT must be at most 65535/)
  assert.match(await refusal({ NATS_URL: 'localhost' }), /^NATS_URL must be a URL/)
  assert.match(await refusal({ NATS_URL: 'http://localhost' }), /^NATS_URL must begin with nats:\/\/ or tls:\/\//)
  assert.match(await refusal({ MONGO_URL: 'nats://localhost' }), /^MONGO_URL must begin with mongodb:\/\//)
  assert.match(await refusal({ DATA_DIR: '/dev/null/data' }), /^DATA_DIR \/dev\/null\/data cannot be created/)
})

test('a port in use is named, with a way out', async () => {
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const sentence = await refusal({ PORT: String(port) })
  await new Promise((resolve) => server.close(resolve))
  assert.equal(
    sentence,
    `port ${port} on 127.0.0.1 is in use: stop the program that has it, or choose another with PORT=${port + 1}`,
  )
})

test('a data directory of a start that is gone can be taken, and is free again afterwards', async () => {
  const first = await claimDataDir(directory)
  first[Symbol.dispose]()
  const second = await claimDataDir(directory)
  second[Symbol.dispose]()
  assert.deepEqual((await readStartSettings({ DATA_DIR: directory, PORT: '0' })).DATA_DIR, directory)
})

test('a log file is bounded', () => {
  using log = openLogFile(directory, 'bounded', 100)
  for (let i = 0; i < 50; i++) log.write('0123456789')
  for (const name of ['bounded.log', 'bounded.log.1']) {
    const size = statSync(join(directory, name)).size
    assert.ok(size <= 110, `${name} has ${size} bytes`)
  }
})
