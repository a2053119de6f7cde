import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Crowd } from './crowd.ts'

test('a crowd larger than a process may open files, then it does not gather and says why', async () => {
  const nowhere = { seed: 1, url: 'http://127.0.0.1:9', tokens: ['none'] }
  const gathering = Crowd.gather({ ...nowhere, clients: 100_000_000, processes: 1 })
  await assert.rejects(gathering, /open files/)
})
