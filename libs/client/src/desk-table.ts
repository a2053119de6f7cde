import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Agent, Conversation, DeskSettings } from '@switchboard/contracts/desks'
import type { Result } from '@switchboard/contracts/methods'

/** A page of `desk.view`, as it came. */
export type DeskPage = Result<'desk.view'>

/** Conversations that have ended and stay in memory; what is older is asked of the server. */
const ENDED_MAX = 1_000
const ENDED = new Set<Conversation['state']>(['closed', 'moved'])

export const isEnded = ({ state }: Pick<Conversation, 'state'>): boolean => ENDED.has(state)

/**
 * A desk as its agents see it: the pages of `desk.view`, and the events after the first of them. Every event carries the whole
 * of what it changed, so a conversation is put in the place of an older edition, whichever way it came. Deterministic.
 */
export class DeskTable {
  readonly agents = new Map<string, Agent>()
  readonly conversations = new Map<string, Conversation>()
  settings: DeskSettings | null = null
  open = false
  #position = 0

  /** seq of the newest event that is in. */
  get position(): number {
    return this.#position
  }

  /** Begins with the first page: all that was known is void. */
  begin(page: DeskPage): void {
    this.agents.clear()
    this.conversations.clear()
    this.settings = page.settings
    this.open = page.open
    this.#position = page.head
    for (const agent of page.agents) this.agents.set(agent.user, agent)
    this.add(page)
  }

  /** A further page. It may be of a later moment than the first one, and of an earlier one than what events have brought. */
  add({ conversations }: DeskPage): void {
    for (const conversation of conversations) this.#put(conversation)
    this.#forgetEnded()
  }

  /** One event of `desk:<id>`, strictly the next one. A hole changes nothing. */
  append(event: DeskEvent): 'applied' | 'known' | 'hole' {
    if (event.seq <= this.#position) return 'known'
    if (event.seq !== this.#position + 1) return 'hole'
    this.#position = event.seq
    if (event.type === 'desk.updated') this.settings = event.settings
    else if (event.type === 'agent.updated') this.agents.set(event.agent.user, event.agent)
    else if (event.type === 'agent.removed') this.agents.delete(event.user)
    else if (event.type === 'conversation.changed') {
      this.#put(event.conversation)
      this.#forgetEnded()
    }
    return 'applied'
  }

  #put(conversation: Conversation): void {
    const known = this.conversations.get(conversation.conversation)
    if (known && known.edition > conversation.edition) return
    // What changed last stands last, so that what ended first is forgotten first.
    this.conversations.delete(conversation.conversation)
    this.conversations.set(conversation.conversation, conversation)
  }

  #forgetEnded(): void {
    if (this.conversations.size <= ENDED_MAX) return
    const ended = [...this.conversations.values()].filter(isEnded)
    for (const { conversation } of ended.slice(0, Math.max(0, ended.length - ENDED_MAX)))
      this.conversations.delete(conversation)
  }
}
