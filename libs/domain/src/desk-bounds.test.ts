import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation } from '@switchboard/contracts/desks'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { DeskCommand } from '@switchboard/contracts/records'
import { type DeskState, emptyDesk, OVERTAKEN_MS_MAX, openOf } from './desk.ts'
import { dueAt } from './desk-steps.ts'
import { runDesk } from './run-desk.ts'

const START_MS = 1_000_000_000
const SKILLS = Array.from({ length: 32 }, (_, i) => `s${i}`)

class Desk {
  readonly state: DeskState = emptyDesk('d1')
  nowMs = START_MS
  #sent = 0

  constructor(agents: number, settings: object = {}) {
    const all = { title: 'D', skills: SKILLS, skill_field: 'topic', ...settings }
    this.send({ method: 'desk.put', body: { settings: all, create: true } }, 'root', ['admin'])
    for (let i = 0; i < agents; i += 1) {
      const skills = SKILLS.slice(i % 17, (i % 17) + 16)
      this.send({ method: 'desk.put-agent', body: { user: `a${i}`, skills, capacity: 5 } }, 'root', ['admin'])
    }
  }

  /** @returns how much work it was: looks at rows and queues. */
  send(command: { method: string; body: object }, from: string = SYSTEM, roles: readonly string[] = []): number {
    this.#sent += 1
    const before = this.state.work.steps
    const outcome = runDesk(this.state, { ...command, from, cid: `c${this.#sent}`, roles } as unknown as DeskCommand, {
      nowMs: this.nowMs,
    })
    assert.ok(!('refused' in outcome), JSON.stringify(outcome))
    return this.state.work.steps - before
  }

  enter(visitor: string, topic: string): number {
    return this.send({ method: 'desk.enter', body: { desk: 'd1', form: { topic } } }, visitor)
  }

  online(agent: string): number {
    return this.send({ method: 'desk.status', body: { desk: 'd1', status: 'online' } }, agent)
  }

  /** Everything that is due by now, tick by tick. @returns the most work of one tick. */
  settle(): number {
    let most = 0
    for (let ticks = 0; (dueAt(this.state, this.nowMs) ?? Number.POSITIVE_INFINITY) <= this.nowMs; ticks += 1) {
      assert.ok(ticks < 1_000, 'it comes to an end')
      most = Math.max(most, this.send({ method: 'desk.tick', body: {} }))
    }
    return most
  }

  offers(): Conversation[] {
    return [...this.state.conversations.values()].filter(({ offer }) => offer !== null)
  }
}

/** The most work of one command, with so many waiting. */
function workWith(waiting: number): number {
  const desk = new Desk(200)
  let most = 0
  const note = (work: number) => {
    most = Math.max(most, work)
  }
  for (let i = 0; i < waiting; i += 1) {
    desk.nowMs += i % 3
    note(desk.enter(`v${i}`, SKILLS[i % 40] ?? ''))
  }
  for (let i = 0; i < 200; i += 1) note(desk.online(`a${i}`))
  note(desk.settle())
  assert.ok(desk.offers().length >= Math.min(waiting, 900), 'agents are asked')
  for (const { offer, conversation, revision } of desk.offers().slice(0, 300)) {
    note(desk.send({ method: 'desk.accept', body: { offer: offer?.offer } }, offer?.agent))
    const body = { conversation, revision: revision + 1 }
    note(desk.send({ method: 'desk.close', body }, offer?.agent))
  }
  desk.nowMs += 31_000
  note(desk.settle())
  note(
    desk.send({
      method: 'desk.presence',
      body: { connected: [], gone: Array.from({ length: 200 }, (_, i) => `a${i}`) },
    }),
  )
  desk.nowMs += 31_000
  note(desk.settle())
  return most
}

/** Thirty-two steps of a command, each with one look at 33 queues, and an agent in 17 lists, taken out and put in. */
const WORK_MAX = 32 * (33 + 2 * 2 * 17 * 8 + 6 * 13)

test('5,000 who wait and 200 agents, whatever is asked, take a bounded amount of work', () => {
  const [few, many] = [workWith(500), workWith(5_000)]
  assert.ok(many <= WORK_MAX, `${many} looks for one command`)
  assert.ok(many <= few * 1.5, `${few} looks with 500, ${many} with 5,000: it grows with the queue`)
})

test('somebody of low priority, while urgent ones come all the time, is answered in time', () => {
  const desk = new Desk(1, { skill_field: null, offer_seconds: 600 })
  desk.online('a0')
  desk.send({ method: 'desk.put-agent', body: { user: 'a0', capacity: 1 } }, 'root', ['admin'])
  desk.enter('first', '')
  desk.enter('low', '')
  const low = openOf(desk.state, 'low')?.conversation as string
  desk.send({ method: 'desk.priority', body: { conversation: low, revision: 1, priority: 'low' } }, 'a0')
  const since = desk.nowMs
  for (let i = 0; desk.state.conversations.get(low)?.state === 'queued'; i += 1) {
    desk.nowMs += 60_000
    assert.ok(desk.nowMs - since <= OVERTAKEN_MS_MAX + 10 * 60_000, 'it waits behind everybody')
    desk.enter(`u${i}`, '')
    const urgent = openOf(desk.state, `u${i}`)?.conversation as string
    const { revision } = desk.state.conversations.get(urgent) as Conversation
    desk.send({ method: 'desk.priority', body: { conversation: urgent, revision, priority: 'urgent' } }, 'a0')
    const [offered] = desk.offers()
    desk.send({ method: 'desk.accept', body: { offer: offered?.offer?.offer } }, 'a0')
    const body = { conversation: offered?.conversation, revision: (offered?.revision ?? 0) + 1 }
    desk.send({ method: 'desk.close', body }, 'a0')
  }
  assert.ok(desk.nowMs - since >= 30 * 60_000, 'urgent ones do go first')
})
