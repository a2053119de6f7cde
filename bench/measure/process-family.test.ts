import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { familyMeter, pidsOf } from './process-family.ts'
import { cpuMsOf } from './processes.ts'

test('process ids, as the kernel and pgrep list them, are numbers, and nothing is none', () => {
  assert.deepEqual(pidsOf('12 345 \n'), [12, 345])
  assert.deepEqual(pidsOf('12\n345\n'), [12, 345])
  assert.deepEqual(pidsOf(''), [])
})

/** Works for a moment, says so, and stays. */
const BUSY = "const end = performance.now() + 200; while (performance.now() < end); process.send('done')"

test('a process with a child of its own is metered as both together', async () => {
  const code = `${BUSY}; process.on('message', () => {})`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  try {
    await once(child, 'message')
    const own = await cpuMsOf(process.pid)
    const both = await familyMeter('both', () => process.pid).cpuMs()
    const ofChild = await cpuMsOf(child.pid ?? 0)
    assert.ok(ofChild > 0)
    assert.ok(both >= own + ofChild * 0.5, `${both} of ${own} and ${ofChild}`)
  } finally {
    child.kill('SIGKILL')
  }
})
