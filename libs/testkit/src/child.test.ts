import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startChild } from './child.ts'

const script = (code: string, more: { stopSecondsMax?: number; onLine?: (line: string) => void } = {}) =>
  startChild({ name: 'script', command: process.execPath, args: ['--eval', code], ...more })

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a program that does not exist is one sentence', async () => {
  const missing = startChild({ name: 'the server', command: '/no/such/program', args: [] })
  await assert.rejects(missing, /^Error: cannot start the server: .*ENOENT/)
})

test('its lines arrive before its end does, and the last of them are kept', async () => {
  const lines: string[] = []
  const child = await script('for (let i = 0; i < 100; i++) console.log(i)', { onLine: (line) => lines.push(line) })
  assert.deepEqual(await child.exited, { code: 0, signal: null })
  assert.equal(lines.length, 100)
  assert.deepEqual(child.tail().slice(-2), ['98', '99'])
  assert.ok(child.tail().length < 100)
})

test('stopped, it is asked first, and killed at the deadline', async () => {
  const polite = await script(
    'process.on("SIGTERM", () => process.exit(3)); setInterval(() => {}, 1000); console.log(1)',
  )
  const heard = Promise.withResolvers<void>()
  const deaf = await script('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log(1)', {
    stopSecondsMax: 0.2,
    onLine: () => heard.resolve(),
  })
  await heard.promise
  assert.deepEqual(await deaf.stop(), { code: null, signal: 'SIGKILL' })
  const { code, signal } = await polite.stop()
  assert.ok(code === 3 || signal === 'SIGTERM')
  assert.equal(polite.running, false)
})

test('killed, whatever it started dies with it', async () => {
  const grandchild = Promise.withResolvers<number>()
  const code = `const { spawn } = require('node:child_process')
    console.log(spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).pid)`
  const child = await script(code, { onLine: (line) => grandchild.resolve(Number(line)) })
  const pid = await grandchild.promise
  assert.equal(isRunning(pid), true)
  child.kill('SIGKILL')
  // Its output is a pipe that both hold: the end of the child is seen when both are gone.
  await child.exited
  assert.equal(child.running, false)
})

test('released, it sees the end of its input', async () => {
  const child = await script('process.stdin.on("end", () => process.exit(7)).resume()')
  assert.deepEqual(await child.release(), { code: 7, signal: null })
})
