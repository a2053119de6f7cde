import type { Conversation, DeskSettings } from '@switchboard/contracts/desks'
import { MAX } from '@switchboard/contracts/limits'
import type { DeskCommand } from '@switchboard/contracts/records'
import { reopened } from './decide-conversation.ts'
import { type DeskContext, type DeskDecision, EXISTING, refusedAs } from './decide-desk.ts'
import { type DeskState, isOver } from './desk.ts'
import { begun, forPeople } from './desk-bot.ts'
import { type ConversationDraft, changed, type DeskDraft, goneOffer, noted, WAITING } from './desk-draft.ts'
import { conversationIdOf } from './desk-ids.ts'
import { woken } from './desk-steps.ts'

export type VisitCommand = Extract<DeskCommand, { method: 'desk.enter' | 'desk.leave' | 'desk.rate' }>
type Of<Method extends DeskCommand['method']> = Extract<DeskCommand, { method: Method }>

interface About extends DeskContext {
  readonly conversation: Conversation | undefined
}

const done = (draft: DeskDraft): DeskDecision => ({ drafts: [draft] })

/** Decides what a visitor asks. */
export function decideByVisitor(state: DeskState, command: VisitCommand, about: About): DeskDecision {
  const { conversation, nowMs } = about
  if (command.method === 'desk.enter') return conversation ? EXISTING : enter(state, command, nowMs)
  if (conversation?.visitor !== command.from) return refusedAs('not_found', { field: 'conversation' })
  return command.method === 'desk.leave' ? leave(conversation, nowMs) : rate(conversation, command, nowMs)
}

function enter(state: DeskState, { from, cid, body, ...command }: Of<'desk.enter'>, at: number): DeskDecision {
  if (state.conversations.size >= MAX.deskConversations)
    return refusedAs('too_many_requests', { message: 'More wait here than ever can be answered.', after_ms: 60_000 })
  const { form, context } = body
  const name = form?.name?.trim() || command.name?.trim()
  const entered: ConversationDraft = {
    type: 'conversation.changed',
    change: 'entered',
    conversation: {
      conversation: conversationIdOf({ desk: state.desk, from, cid }),
      desk: state.desk,
      visitor: from,
      title: name ? name.slice(0, MAX.titleChars).toWellFormed() : null,
      ...WAITING,
      revision: 1,
      edition: 1,
      priority: 'normal',
      skill: skillOf(state.settings, { ...context, ...form }),
      entered_at: at,
      ticket: state.head + 1,
      assigned_at: null,
      prefers: null,
      score: null,
      moved_to: null,
      tags: [],
      breached: [],
      answered_at: null,
      replied_at: null,
      visitor_at: null,
      agent_at: null,
      ended_at: null,
      at,
    },
    ...(form || context ? { details: { ...(form && { form }), ...(context && { context }) } } : {}),
  }
  return { drafts: begun(state, entered, at) }
}

/** The skill that a field asks for, if the desk has it: `de-CH` is `de` where that is all there is. */
function skillOf(settings: DeskSettings | null, fields: Readonly<Record<string, string>>): string | null {
  const wanted = fields[settings?.skill_field ?? '']
  if (!settings || wanted === undefined) return null
  return (
    [wanted, wanted.split(/[-_]/)[0]].find((skill) => skill !== undefined && settings.skills.includes(skill)) ?? null
  )
}

function leave(conversation: Conversation, at: number): DeskDecision {
  if (conversation.state === 'closed') return EXISTING
  const left = changed(conversation, 'left', { state: 'closed', offer: null, until: null, ended_at: at, at })
  return done({ ...left, ...goneOffer(conversation, 'withdrawn') })
}

function rate(conversation: Conversation, { body }: Of<'desk.rate'>, at: number): DeskDecision {
  if (conversation.assigned_at === null)
    return refusedAs('not_available', { field: 'conversation', message: 'Nobody has answered yet.' })
  const { score, comment } = body
  const rating = { score, ...(comment === undefined ? {} : { comment }) }
  return done({ ...changed(conversation, 'rated', { score, at }), rating })
}

/** Somebody has written: what is over or put off goes on when it is the visitor; else it is only noted, and only what is asked for. */
export function heard(
  state: DeskState,
  conversation: Conversation | undefined,
  { by, at }: { readonly by: 'visitor' | 'agent'; readonly at: number },
): DeskDecision {
  if (!conversation) return EXISTING
  const countsSilence = typeof state.settings?.idle_seconds === 'number'
  if (by === 'visitor') {
    if (conversation.state === 'closed') return { drafts: reopened(state, conversation, at) }
    if (conversation.state === 'snoozed') return done(woken(state, conversation, at))
    return countsSilence || conversation.bot ? done(noted(conversation, 'heard', { visitor_at: at })) : EXISTING
  }
  if (conversation.agent === null || isOver(conversation)) return EXISTING
  // What a bot says is not the reply that a desk has promised.
  if (conversation.bot) return done(noted(conversation, 'heard', { agent_at: at }))
  if (conversation.replied_at === null) return done(noted(conversation, 'answered', { agent_at: at, replied_at: at }))
  return countsSilence ? done(noted(conversation, 'heard', { agent_at: at })) : EXISTING
}

/** What another desk has let go of waits here, as long as it did there. Told twice, it is here already, or was. */
export function received(state: DeskState, { body }: Of<'desk.receive'>, at: number): DeskDecision {
  const { conversation } = body
  const { skills = [] } = state.settings ?? {}
  const skill = conversation.skill !== null && skills.includes(conversation.skill) ? conversation.skill : null
  const here = { ...WAITING, desk: state.desk, moved_to: null, skill, ticket: state.head + 1, at }
  // Handed on, it has been with somebody already, bot or not: here people have it.
  return done(forPeople(state, changed(conversation, 'received', here), at))
}
