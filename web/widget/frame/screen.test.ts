import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskInfo, VisitStatus } from '@switchboard/client'
import { isActive, type Known, screenOf } from './screen.ts'

const info = { desk: 'd', title: 'D', open: true, opens_at: null, online: 1, waiting: 0 } as DeskInfo
const asking = { ...info, pre_chat: [{ field: 'name', label: 'Name', kind: 'text' }] } as DeskInfo
const status = (state: string) => ({ conversation: 'd-1', state, revision: 1 }) as VisitStatus
const base: Known = { isReady: true, info, status: null, hasRoom: false, isAnswered: false }

test('a visitor who comes for the first time, then they are asked what the desk asks, once, and write', () => {
  assert.equal(screenOf({ ...base, isReady: false }), 'connecting')
  assert.equal(screenOf({ ...base, info: null }), 'connecting')
  assert.equal(screenOf(base), 'start')
  assert.equal(screenOf({ ...base, info: asking }), 'form')
  assert.equal(screenOf({ ...base, info: asking, isAnswered: true }), 'start')
})

test('a visitor with a conversation, then they see it at once, asked or not', () => {
  assert.equal(screenOf({ ...base, info: null, hasRoom: true }), 'talking')
  assert.equal(screenOf({ ...base, info: asking, hasRoom: true, status: status('assigned') }), 'talking')
  assert.equal(screenOf({ ...base, hasRoom: true, status: status('closed') }), 'ended')
})

test('a conversation that goes on, then the next page loads the frame; one that has ended does not', () => {
  assert.deepEqual([status('queued'), status('snoozed'), status('closed'), null].map(isActive), [
    true,
    true,
    false,
    false,
  ])
})
