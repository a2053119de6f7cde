import type { Agent, Conversation, DeskSettings } from '@switchboard/contracts/desks'
import { agentKey, type DeskEventDocument } from './documents.ts'
import { deskEventDocument } from './event-document.ts'
import type { Content } from './record.ts'
import type { Update } from './writes.ts'

/** What a batch makes of one desk. Every event carries what it changed as a whole, so the newest one wins. */
export interface DeskFold {
  readonly desk: string
  readonly documents: DeskEventDocument[]
  readonly agents: Map<string, { readonly seq: number; readonly gone: boolean; readonly agent?: Agent }>
  readonly served: Map<string, number>
  readonly conversations: Map<string, Conversation>
  readonly position: { head: number; at: number; epoch: string; log_seq: number }
  settings?: DeskSettings
}

export const foldDesk = (desk: string): DeskFold => ({
  desk,
  documents: [],
  agents: new Map(),
  served: new Map(),
  conversations: new Map(),
  position: { head: 0, at: 0, epoch: '', log_seq: 0 },
})

export function addDeskEntry(fold: DeskFold, entry: Extract<Content, { kind: 'desk' }>): void {
  for (const event of entry.events) {
    fold.documents.push(deskEventDocument(fold.desk, event))
    const { seq } = event
    switch (event.type) {
      case 'desk.updated':
        fold.settings = event.settings
        break
      case 'agent.updated':
        fold.agents.set(event.agent.user, { seq, gone: false, agent: event.agent })
        break
      case 'agent.removed':
        fold.agents.set(event.user, { seq, gone: true })
        break
      case 'conversation.changed':
        fold.conversations.set(event.conversation.conversation, event.conversation)
        if (event.change === 'offered' && event.conversation.offer) fold.served.set(event.conversation.offer.agent, seq)
        break
    }
  }
  const last = entry.events.at(-1)
  if (!last || last.seq < fold.position.head) return
  Object.assign(fold.position, { head: last.seq, at: last.at, epoch: entry.range.epoch, log_seq: entry.logSeq })
}

export const deskAgentsOf = ({ desk, agents }: DeskFold): Update[] =>
  [...agents].map(([user, { seq, gone, agent }]) => ({
    filter: { _id: agentKey(desk, user), seq: { $lt: seq } },
    update: {
      $set: { desk, user, seq, gone, ...(agent && { agent }) },
      $setOnInsert: { served: 0, ...(agent ? {} : { agent: null }) },
    },
    upsert: 'guarded',
  }))

/** Whose turn it was is told by the offers alone. */
export const servedOf = ({ desk, served }: DeskFold): Update[] =>
  [...served].map(([user, seq]) => ({
    filter: { _id: agentKey(desk, user) },
    update: { $max: { served: seq }, $setOnInsert: { desk, user, seq: 0, gone: true, agent: null } },
    upsert: 'plain',
  }))

/** A conversation that went from one desk to another within a batch is written once: its edition goes on at the other one. */
export function newestConversations(folds: readonly DeskFold[]): Update[] {
  const newest = new Map<string, Conversation>()
  for (const { conversations } of folds)
    for (const [id, conversation] of conversations)
      if (conversation.edition > (newest.get(id)?.edition ?? 0)) newest.set(id, conversation)
  return [...newest].map(([_id, conversation]) => ({
    filter: { _id, edition: { $lt: conversation.edition } },
    update: { $set: { ...conversation, live: conversation.state !== 'closed' && conversation.state !== 'moved' } },
    upsert: 'guarded',
  }))
}

export const deskOf = ({ desk, position, settings }: DeskFold): Update => ({
  filter: { _id: desk, head: { $lt: position.head } },
  update: {
    $set: { ...position, ...(settings && { settings }) },
    ...(settings ? {} : { $setOnInsert: { settings: null } }),
  },
  upsert: 'guarded',
})
