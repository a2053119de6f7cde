import type { Conversation } from '@switchboard/contracts/desks'
import { BOTS, type DeskState } from './desk.ts'
import { type ConversationDraft, changed, type DeskDraft, WAITING } from './desk-draft.ts'
import { isOpenAt } from './desk-hours.ts'
import { presentCount } from './desk-status.ts'

/** Whether nobody is there to answer: what comes now waits until somebody is. */
export const isOffline = (state: DeskState, nowMs: number): boolean =>
  state.settings === null || !isOpenAt(state.settings, nowMs) || presentCount(state) === 0

/** Waits for people from now on, and says if there are none. */
export const forPeople = (state: DeskState, draft: ConversationDraft, at: number): ConversationDraft => ({
  ...draft,
  conversation: { ...draft.conversation, offline: isOffline(state, at) },
})

/** What begins: a bot that has room has it at once, whatever the hour; without one it waits for people. */
export function begun(state: DeskState, draft: ConversationDraft, at: number): [DeskDraft, ...DeskDraft[]] {
  const bot = state.free.get(BOTS)?.first?.id
  if (bot === undefined) return [forPeople(state, draft, at)]
  const to = { state: 'assigned', agent: bot, bot: true, offline: false, assigned_at: at, at } as const
  return [draft, changed(draft.conversation, 'greeted', to)]
}

/** The queue again, for what somebody had. After a bot the waiting only begins: nobody was asked before. */
export const queuedAgain = (
  state: DeskState,
  conversation: Conversation,
  to: { readonly prefers?: string | null; readonly at: number },
): Partial<Conversation> & { readonly at: number } => {
  if (!conversation.bot) return { ...WAITING, ...to }
  const { at } = to
  const offline = isOffline(state, at)
  const anew = { assigned_at: null, prefers: null, offline, entered_at: at, ticket: state.head + 1 }
  return { ...WAITING, ...anew, at }
}
