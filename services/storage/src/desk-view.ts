import type { LogEntry } from '@switchboard/bus/log-entry'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Agent, Conversation } from '@switchboard/contracts/desks'
import { MAX } from '@switchboard/contracts/limits'
import { applyDesk, type DeskState, deskFrom } from '@switchboard/domain/desk'
import type { ConversationDocument, DeskAgentDocument, DeskDocument } from './documents.ts'
import { NOTHING_SAVED, tailOf } from './log-tail.ts'
import { exactly } from './mongo-connect.ts'
import type { Sources } from './room-view.ts'

/** A desk as of its log's head: MongoDB's projection with the unsaved tail folded in. */
export interface DeskView {
  readonly document: DeskDocument | null
  readonly tail: readonly DeskEvent[]
  readonly entry: LogEntry | null
  readonly state: DeskState
}

export const conversationOf = ({ _id, live: _live, ...conversation }: ConversationDocument): Conversation =>
  conversation

const agentOf = ({ agent, served }: DeskAgentDocument): Agent[] =>
  agent ? [{ ...agent, served: Math.max(agent.served, served) }] : []

/**
 * Reads a desk. MongoDB comes first and the log second. What it holds of agents and conversations may be ahead of its head: the
 * tail sets that back, and then goes on past it, as each event carries the whole of what it changed.
 */
export async function viewDesk({ bus, collections }: Sources, desk: string): Promise<DeskView> {
  const document = await collections.desks.findOne({ _id: exactly(desk) })
  const [agents, conversations] = await Promise.all([
    collections.desk_agents.find({ desk: exactly(desk), gone: false }, { batchSize: MAX.deskAgents + 1 }).toArray(),
    collections.conversations
      .find({ desk: exactly(desk), live: true }, { batchSize: MAX.deskConversations + 1 })
      .toArray(),
  ])
  const { entry, events: tail } = await tailOf<DeskEvent>(bus, { kind: 'desk', id: desk }, document ?? NOTHING_SAVED)
  const state = deskFrom({
    desk,
    head: document?.head ?? 0,
    at: document?.at ?? 0,
    settings: document?.settings ?? null,
    agents: agents.flatMap(agentOf),
    conversations: conversations.map(conversationOf),
  })
  for (const event of tail) applyDesk(state, event)
  return { document, tail, entry, state }
}

/**
 * Reads one conversation of a desk, whatever became of it, as of the head of the desk's log: one that ended a moment ago is still
 * open in MongoDB. Where another desk has it by now and is ahead, that one's word is the newer edition.
 */
export async function viewConversation(
  { bus, collections }: Sources,
  desk: string,
  id: string,
): Promise<Conversation | null> {
  const saved = await collections.desks.findOne({ _id: exactly(desk) })
  const document = await collections.conversations.findOne({ _id: exactly(id) })
  const { events } = await tailOf<DeskEvent>(bus, { kind: 'desk', id: desk }, saved ?? NOTHING_SAVED)
  const stored = document && conversationOf(document)
  const unsaved = events.flatMap((event) =>
    event.type === 'conversation.changed' && event.conversation.conversation === id ? [event.conversation] : [],
  )
  const newest = unsaved.at(-1)
  return newest && newest.edition > (stored?.edition ?? 0) ? newest : stored
}
