import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JetStreamApiError } from '@nats-io/jetstream'
import pino from 'pino'
import { patiently } from './patience.ts'

const log = pino({ level: 'silent' })
const named = (name: string) => Object.assign(new Error(name), { name })
const refusal = (code: number, err_code: number) => new JetStreamApiError({ code, err_code, description: 'refused' })

/** Fails with these in turn, then gives how often it was called. */
const failing = (errors: readonly Error[]) => {
  let calls = 0
  return async () => {
    const error = errors[calls++]
    if (error) throw error
    return calls
  }
}

test('what an election brings about is waited for', async () => {
  const act = failing([named('TimeoutError'), refusal(503, 10_008), refusal(400, 10_005)])
  assert.equal(await patiently(act, { msMax: 60_000, log }), 4)
})

test('what was refused is refused at once, and a bug is a bug', async () => {
  for (const error of [refusal(500, 10_074), new TypeError('a bug')])
    await assert.rejects(patiently(failing([error]), { msMax: 60_000, log }), error)
})

test('JetStream stays away, then the wait ends with its last error', async () => {
  await assert.rejects(patiently(failing([named('TimeoutError')]), { msMax: -1, log }), { name: 'TimeoutError' })
})

test('what is waited for is said once, until the reason is another one', async () => {
  const lines: string[] = []
  const loud = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).error) })
  const act = failing(['TimeoutError', 'TimeoutError', 'NoRespondersError', 'NoRespondersError'].map(named))
  assert.equal(await patiently(act, { msMax: 60_000, log: loud }), 5)
  assert.deepEqual(lines, ['TimeoutError: TimeoutError', 'NoRespondersError: NoRespondersError'])
})
