import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type FlowSystem, flowSystem, WAIT_MS } from './flow-fixture.ts'

const SCRIPT = fileURLToPath(new URL('../../helm/switchboard/files/round-trip.mjs', import.meta.url))

let flow: FlowSystem
before(async () => {
  flow = await flowSystem()
})
after(() => flow[Symbol.asyncDispose]())

/** What the pod of `helm test` runs, with its output. */
async function roundTrip(...args: string[]): Promise<{ code: number; said: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, ...args], { timeout: WAIT_MS })
    return { code: 0, said: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, said: stdout + stderr }
  }
}

test('helm test, against a whole system, logs in, sends, receives, reads back and is refused with a bad token', async () => {
  const { code, said } = await roundTrip(flow.url, 'true')
  assert.equal(code, 0, said)
  const steps = said.trim().split('\n')
  assert.deepEqual(
    steps.map((line) => line.split(':')[0]),
    ['refused', 'logged in', 'sent', 'received', 'read back', 'helm test'],
  )
})

test('helm test, against a system without accounts, is refused with a bad token and does no more', async () => {
  const { code, said } = await roundTrip(flow.url, 'false')
  assert.equal(code, 0, said)
  assert.match(said, /^refused: a bad token\nhelm test: everything works\n$/)
})

test('helm test, against nothing, fails', async () => {
  const { code, said } = await roundTrip('http://127.0.0.1:9', 'true')
  assert.equal(code, 1, said)
})
