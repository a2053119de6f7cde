import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskEvent, Standing } from '@switchboard/contracts/desk-events'
import type { Conversation, ConversationChange } from '@switchboard/contracts/desks'
import type { WebhookTarget } from '@switchboard/contracts/webhook-queries'
import { WEBHOOK_EVENTS, type WebhookEvent } from '@switchboard/contracts/webhooks'
import { deliveryId, hooksOfDesk, hooksOfMessage } from './plan-hooks.ts'

const ROOM = 'd1-abcdefghijklmnopqrstu'
const target = (hook: string, events: readonly WebhookEvent[] = WEBHOOK_EVENTS): WebhookTarget => ({
  ...{ hook, url: 'https://shop.example/', desk: null, changed_at: 1, secrets: ['whsec_AAAA'] },
  events: [...events],
})
const conversation = { conversation: ROOM, desk: 'd1', visitor: 'vera', agent: 'ann' } as Conversation
const changeOf = (change: ConversationChange): DeskEvent => ({
  ...{ type: 'conversation.changed', seq: 7, n: 0, at: 1_000, from: 'ann', cid: 'c' },
  ...{ change, conversation, details: { form: { email: 'vera@example.org' } } },
})

test('a change of a conversation, then each webhook that wants it is told once, under an id that never changes', () => {
  const targets = [target('all'), target('closed', ['conversation.closed'])]
  const [entered, ...others] = hooksOfDesk('d1', changeOf('entered'), targets)
  assert.deepEqual([entered?.hook, entered?.type, entered?.event, others], ['all', 'conversation.entered', 'd1:7', []])
  const body = JSON.parse(entered?.body ?? '')
  const { id, type, desk, data } = body
  assert.deepEqual(
    [type, desk, body.conversation, data.conversation.visitor, data.details.form.email],
    ['conversation.entered', 'd1', ROOM, 'vera', 'vera@example.org'],
  )
  assert.ok(entered && id === deliveryId(entered))
  assert.deepEqual(hooksOfDesk('d1', changeOf('entered'), targets), [entered], 'planned again, it is the same')
  const closed = hooksOfDesk('d1', changeOf('closed'), targets)
  assert.deepEqual(
    closed.map(({ hook }) => hook),
    ['all', 'closed'],
  )
  assert.equal(new Set([entered, ...closed].map((record) => deliveryId(record))).size, 3)
})

test('what is of no interest outside, then nobody is told', () => {
  for (const change of ['offered', 'declined', 'heard', 'held', 'prioritized'] as const)
    assert.deepEqual(hooksOfDesk('d1', changeOf(change), [target('all')]), [])
})

test('a message is told at once; an answer once more when its visitor could have seen it; one to nobody by another name', () => {
  const standing: Standing = { desk: 'd1', visitor: 'vera', agent: 'ann', state: 'assigned', revision: 3 }
  const told = (from: string, more: Partial<Standing> = {}) => {
    const event = { type: 'message' as const, seq: 4, n: 2, at: 1_000, from, cid: 'c', text: 'hello' }
    const about = { event, logSeq: 40, room: ROOM, standing: { ...standing, ...more }, fromName: 'X', delayMs: 3_000 }
    return hooksOfMessage(about, [target('all')]).map(({ type, due_at, unseen, body }) => ({
      ...{ type, due_at, unseen: unseen?.user },
      by: JSON.parse(body).data.by,
    }))
  }
  assert.deepEqual(told('vera'), [{ type: 'message', due_at: 1_000, unseen: undefined, by: 'visitor' }])
  assert.deepEqual(told('ann'), [
    { type: 'message', due_at: 1_000, unseen: undefined, by: 'agent' },
    { type: 'message.unseen', due_at: 4_000, unseen: 'vera', by: 'agent' },
  ])
  assert.equal(told('ann', { bot: true })[0]?.by, 'bot')
  const nobody = { agent: null, state: 'queued', offline: true } as const
  assert.deepEqual(told('vera', nobody), [{ type: 'message.offline', due_at: 1_000, unseen: undefined, by: 'visitor' }])
})
