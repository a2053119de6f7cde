import type { DeskEvent } from '@switchboard/contracts/desk-events'
import { MAX } from '@switchboard/contracts/limits'
import type { DeskCommand } from '@switchboard/contracts/records'
import { type DeskContext, type DeskDecision, decideDesk } from './decide-desk.ts'
import { applyDesk, type DeskState } from './desk.ts'
import { followUp, numbered } from './desk-draft.ts'
import { nextStep } from './desk-steps.ts'
import { intentOfCommand } from './intent.ts'

export type DeskOutcome = Exclude<DeskDecision, { drafts: unknown }> | { readonly events: readonly DeskEvent[] }

/**
 * Decides a command, applies what follows, and lets the desk go on by itself for a bounded number of steps: what is due, and offers
 * to whoever is free. What is left then is due at once, so the next tick goes on with it. Changes the state.
 */
export function runDesk(state: DeskState, command: DeskCommand, context: DeskContext): DeskOutcome {
  const decision = decideDesk(state, command, context)
  if ('refused' in decision || 'forward' in decision) return decision
  const at = Math.max(context.nowMs, state.at)
  const cause = state.head + 1
  const events: DeskEvent[] = []
  const first = { from: command.from, cid: command.cid, at, meant: intentOfCommand(command) }
  const commit = (drafts: readonly Parameters<typeof numbered>[1][]) => {
    for (const draft of drafts) {
      const by = events.length === 0 ? first : { ...followUp(cause, events.length), at }
      const event = numbered(state, draft, by)
      applyDesk(state, event)
      events.push(event)
    }
  }
  if ('drafts' in decision) commit(decision.drafts)
  // A command that changes nothing but is a tick goes on all the same: that is what it is for.
  if ('existing' in decision && command.method !== 'desk.tick') return decision
  for (let steps = 0; steps < MAX.deskSteps; steps += 1) {
    const drafts = nextStep(state, at)
    if (drafts.length === 0) break
    commit(drafts)
  }
  return events.length === 0 ? { existing: true } : { events }
}
