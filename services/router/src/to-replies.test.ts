import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Bus } from '@switchboard/bus/connect'
import { refuse } from '@switchboard/contracts/errors'
import { names } from '@switchboard/contracts/subjects'
import type { RouterEvents } from './events.ts'
import { toReplies } from './to-replies.ts'

/** What a server takes, as it is set where nobody has changed it. */
const MESSAGE_BYTES_MAX = 1_048_576
const NAMES = names('t')

function heard() {
  const messages: { readonly subject: string; readonly text: string }[] = []
  const nc = { publish: (subject: string, text: string) => messages.push({ subject, text }) }
  let sent = 0
  const events = {
    sent: (_channel: string, _outcome: string, count: number) => {
      sent += count
    },
  }
  const replies = toReplies({ names: NAMES, nc } as unknown as Bus, events as unknown as RouterEvents)
  const requests = (edge: string) =>
    messages
      .filter(({ subject }) => subject === NAMES.reply(edge))
      .flatMap(({ text }) => text.split('\n').map((line) => (JSON.parse(line) as { r: number }).r))
  return { replies, messages, requests, sent: () => sent }
}

test('answers of one turn, then each edge has its own in one message; nobody asked, then none', async () => {
  const { replies, messages, requests, sent } = heard()
  replies.ok({ edge: 'a', request: 1 }, { seq: 7 })
  replies.no({ edge: 'b', request: 2 }, refuse('unavailable'))
  replies.ok({ edge: 'a', request: 3 }, { seq: 8 })
  replies.ok(undefined, { seq: 9 })
  await turn()
  assert.deepEqual([messages.length, requests('a'), requests('b'), sent()], [2, [1, 3], [2], 3])
})

test('everything that waits is refused in one turn, then each message is one that a server takes, and none is missing', async () => {
  const { replies, messages, requests, sent } = heard()
  const count = 50_000
  for (let request = 0; request < count; request += 1) {
    replies.no({ edge: 'a', request }, refuse('unavailable', { field: 'ö'.repeat(20) }))
    replies.no({ edge: 'b', request }, refuse('unavailable'))
  }
  await turn()
  for (const { text } of messages) assert.ok(Buffer.byteLength(text) < MESSAGE_BYTES_MAX)
  const all = Array.from({ length: count }, (_, request) => request)
  assert.deepEqual(requests('a'), all)
  assert.deepEqual(requests('b'), all)
  assert.equal(sent(), 2 * count)
})
