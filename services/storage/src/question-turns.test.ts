import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StorageHandlers } from '@switchboard/bus/ask'
import { inTurn } from './question-turns.ts'

const WAIT_MS = 100

/** Storage that answers one question at a time, each when it is told to. */
function slowStorage() {
  let nowMs = 0
  const begun: string[] = []
  const ends: (() => void)[] = []
  const handlers = {
    'room.head': async ({ room }: { room: string }) => {
      begun.push(room)
      await new Promise<void>((resolve) => ends.push(resolve))
      return { head: 0 }
    },
  } as unknown as Pick<StorageHandlers, 'room.head'>
  const turns = inTurn({ atOnce: 1, waitMsMax: WAIT_MS, steadyMs: () => nowMs })(handlers)
  return {
    begun,
    ask: (room: string) => turns['room.head']({ room } as never) as Promise<{ code?: string; after_ms?: number }>,
    pass: (ms: number) => {
      nowMs += ms
    },
    end: () => ends.shift()?.(),
  }
}

test('more is asked than can be answered, then what waited too long is refused, and what came later is answered', async () => {
  const { ask, pass, end, begun } = slowStorage()
  const first = ask('first')
  const old = ask('old')
  pass(WAIT_MS)
  const young = ask('young')
  pass(1)
  end()
  await first
  const refused = await old
  assert.deepEqual([refused.code, refused.after_ms], ['too_many_requests', WAIT_MS])
  end()
  assert.equal((await young).code, undefined)
  assert.deepEqual(begun, ['first', 'young'])
})
