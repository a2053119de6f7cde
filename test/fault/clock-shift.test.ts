import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startChild } from '@switchboard/testkit/child'
import { shiftableClock } from './clock-shift-file.ts'

const HOUR_MS = 3_600_000
// Answers each line with what its clocks say.
const SAY = `
  process.stdin.on('end', () => process.exit())
  process.stdin.on('data', () => {})
  const made = new Date(5)
  setInterval(() => console.log(JSON.stringify({
    now: Date.now(), made: new Date().getTime(), text: Date.parse(Date()), fixed: made.getTime(),
    isDate: new Date() instanceof Date, steady: performance.timeOrigin + performance.now(),
  })), 20)
`

test('a process sees another wall clock from the moment that it is stepped, and its steady clock stays true', async () => {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'switchboard-clock-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const clock = shiftableClock(join(directory, 'clock'))
  const said = new EventTarget()
  let last = ''
  const launch = () =>
    startChild({
      name: 'clock',
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', '--import', clock.module, '--eval', SAY],
      onLine: (line) => {
        last = line
        said.dispatchEvent(new Event('line'))
      },
    })
  const agrees = async (offsetMs: number) => {
    // The first of these may have been said before the step.
    for (let i = 0; i < 2; i++) await once(said, 'line')
    const { now, made, text, fixed, isDate, steady } = JSON.parse(last)
    const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 60_000, `${a} is not about ${b}`)
    near(now, steady + offsetMs)
    near(made, now)
    near(text, now)
    near(steady, Date.now())
    assert.deepEqual([fixed, isDate], [5, true])
  }
  const first = stack.use(await launch())
  await agrees(0)
  for (const offsetMs of [HOUR_MS, -HOUR_MS, 0, 2 * HOUR_MS]) {
    clock.set(offsetMs)
    await clock.noticed()
    await agrees(offsetMs)
  }
  await first.stop()
  stack.use(await launch())
  await agrees(2 * HOUR_MS)
  clock.set(0)
  await clock.noticed()
  await agrees(0)
})
