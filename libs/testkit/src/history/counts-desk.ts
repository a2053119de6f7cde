import { isChange } from './desk-facts.ts'
import type { Facts } from './facts.ts'
import type { DeskEventSeen } from './records-desk.ts'

/** Where a desk must have been in a run that is for it: states that faults and people lead to. */
export const DESK_STATES = {
  'desk offer timed out': 'expired',
  'desk transfer': 'transferred',
} as const

/** What somebody had waits again, as they have no connection. */
export const REQUEUED = 'desk requeued after a dead agent'

/** A command that was refused because somebody had been faster. */
export const STALE_REFUSED = 'desk stale revision refused'

/** Somebody took what they were offered. */
export const ANSWERED = 'desk conversation answered'

/** A bot had it first, and gave it to people. */
export const HANDED_OVER = 'desk handed over by a bot'

type Count = (name: string) => void

/** What was asked of desks, and which of their states were reached. */
export function countDesks({ desks }: Facts, count: Count, state: Count): void {
  for (const { invoke, answers, open } of desks.wishes.values()) {
    const { name } = invoke.operation
    for (const { outcome } of answers) count(`desk ${name} ${outcome}`)
    if (open > 0) count(`desk ${name} unknown`)
    if (answers.some(({ outcome, code }) => outcome === 'refused' && code === 'conflict')) state(STALE_REFUSED)
  }
  for (const { events } of desks.desks.values()) {
    const bots = new Set<string>()
    for (let times = requeuedOfTheDead(events); times > 0; times--) state(REQUEUED)
    for (const event of events) {
      if (!isChange(event)) continue
      const { agent } = event.conversation
      if (event.change === 'greeted' && agent !== null) bots.add(agent)
      if (event.change === 'transferred' && bots.has(event.from)) state(HANDED_OVER)
      count(`desk event ${event.change}`)
      for (const [name, change] of Object.entries(DESK_STATES)) if (event.change === change) state(name)
    }
  }
  for (const changes of desks.changes.values()) if (changes.some(({ change }) => change === 'accepted')) state(ANSWERED)
}

/** How often something was taken from an agent who had said that they were there, and had no connection any more. */
export function requeuedOfTheDead(events: readonly DeskEventSeen[]): number {
  const dead = new Set<string>()
  const owners = new Map<string, string | null>()
  let times = 0
  for (const event of events) {
    if (event.type === 'agent.updated') {
      const { user, status, connected } = event.agent
      if (status === 'online' && !connected) dead.add(user)
      else dead.delete(user)
    }
    if (!isChange(event)) continue
    const { conversation, agent } = event.conversation
    if (event.change === 'requeued' && dead.has(owners.get(conversation) ?? '')) times += 1
    owners.set(conversation, agent)
  }
  return times
}

/** All of them: a run that is for a desk and never was there proves nothing of it. */
export const DESK_REQUIRED: readonly string[] = [...Object.keys(DESK_STATES), REQUEUED, STALE_REFUSED]
