import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuMsOf, metering, processMeter, rssKibOf, usedBetween } from './processes.ts'

test('this process works for 100 ms of its CPU time, then its meter shows at least that', async () => {
  const own = processMeter('own', () => process.pid)
  const { result, used, seconds } = await metering([own], async () => {
    const from = process.cpuUsage()
    while (process.cpuUsage(from).user < 100_000) Math.sqrt(from.user)
    return 'done'
  })
  assert.equal(result, 'done')
  assert.ok((used.own ?? 0) >= 80 && (used.own ?? 0) < 60_000, `${used.own} ms`)
  assert.ok(seconds >= 0.09)
})

test('a process that is not there, then an error and not a zero', async () => {
  await assert.rejects(cpuMsOf(2 ** 30))
  await assert.rejects(rssKibOf(2 ** 30))
  assert.ok((await rssKibOf(process.pid)) > 10_000)
})

test('what was used between two readings, by name', () => {
  assert.deepEqual(usedBetween({ edge: 10, nats: 5 }, { edge: 30, nats: 5 }), { edge: 20, nats: 0 })
})
