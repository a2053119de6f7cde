import type { LogEntry } from '@switchboard/bus/log-entry'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Agent, Conversation } from '@switchboard/contracts/desks'
import { MAX } from '@switchboard/contracts/limits'
import { applyDesk, type DeskState, deskFrom } from '@switchboard/domain/desk'
import type { ConversationDocument, DeskAgentDocument, DeskDocument } from './documents.ts'
import { NOTHING_SAVED, tailOf } from './log-tail.ts'
import { exactly, oneOf } from './mongo-connect.ts'
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

/** The events of a desk, without what they made of it: the unsaved ones, and up to where MongoDB has the others. */
export async function deskLog({ bus, collections }: Sources, desk: string): Promise<Omit<DeskView, 'state'>> {
  const document = await collections.desks.findOne({ _id: exactly(desk) })
  const { entry, events } = await tailOf<DeskEvent>(bus, { kind: 'desk', id: desk }, document ?? NOTHING_SAVED)
  return { document, tail: events, entry }
}

/** Of its conversations, by id: those after this one, and so many of them that are stored. */
export interface DeskPart {
  readonly after: string
  readonly count: number
}

/**
 * Reads a part of a desk. MongoDB comes first and the log second. What it holds of agents and conversations may be ahead of its
 * head: the tail sets that back, and then goes on past it, as each event carries the whole of what it changed.
 */
export async function viewDesk(
  { bus, collections }: Sources,
  desk: string,
  { after, count }: DeskPart,
): Promise<DeskView & { readonly upTo: string | null }> {
  const document = await collections.desks.findOne({ _id: exactly(desk) })
  const [agents, found] = await Promise.all([
    collections.desk_agents.find({ desk: exactly(desk), gone: false }, { batchSize: MAX.deskAgents + 1 }).toArray(),
    collections.conversations
      .find({ desk: exactly(desk), live: true, _id: { $gt: after } }, { batchSize: count + 2, limit: count + 1 })
      .sort({ _id: 1 })
      .toArray(),
  ])
  const conversations = found.slice(0, count)
  const upTo = found.length > count ? (conversations.at(-1)?._id ?? null) : null
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
  return { document, tail, entry, state, upTo }
}

/**
 * Reads conversations of a desk, whatever became of them, as of the head of the desk's log: one that ended a moment ago is still
 * open in MongoDB. Where another desk has one by now and is ahead, that one's word is the newer edition.
 */
export async function viewConversations(
  { bus, collections }: Sources,
  desk: string,
  ids: readonly string[],
): Promise<Conversation[]> {
  const saved = await collections.desks.findOne({ _id: exactly(desk) })
  const stored = await collections.conversations.find({ _id: oneOf(ids) }, { batchSize: MAX.entryEvents + 1 }).toArray()
  const { events } = await tailOf<DeskEvent>(bus, { kind: 'desk', id: desk }, saved ?? NOTHING_SAVED)
  const newest = new Map(stored.map((document) => [document._id, conversationOf(document)]))
  for (const event of events) {
    if (event.type !== 'conversation.changed') continue
    const { conversation } = event
    const known = newest.get(conversation.conversation)?.edition ?? 0
    if (ids.includes(conversation.conversation) && conversation.edition > known)
      newest.set(conversation.conversation, conversation)
  }
  return [...newest.values()]
}
