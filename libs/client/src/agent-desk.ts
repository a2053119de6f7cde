import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Agent, Conversation, ConversationStatus, DeskSettings } from '@switchboard/contracts/desks'
import type { MethodName, Params, Result } from '@switchboard/contracts/methods'
import type { Clock } from './clock.ts'
import { untilAnswered } from './command.ts'
import { DeskFeed } from './desk-feed.ts'
import { isEnded } from './desk-table.ts'
import { Emitter } from './emitter.ts'
import { SwitchboardError } from './failure.ts'
import type { Subscribed, Transport } from './transport.ts'

export const deskChannel = (desk: string): string => `desk:${desk}`
/** The room of the agents' notes beside a conversation. */
export const notesRoom = (conversation: string): string => `n-${conversation}`

export interface AgentDeskDeps {
  readonly me: string
  readonly clock: Clock
  readonly transport: Transport
  readonly nextCid: () => string
}

export interface AgentDeskEvents {
  /** Each event of the desk after its view, once and in order. */
  event: DeskEvent
  /** Something that a view shows is different. */
  changed: undefined
}

/** What is done with one conversation: `revision` is what one saw, and fences it. */
type Fenced = {
  [Name in MethodName]: Params<Name> extends { conversation: string; revision: number } ? Name : never
}[MethodName]
type Rest<Name extends Fenced> = Omit<Params<Name>, 'cid' | 'conversation' | 'revision'>

/** One desk, for its agents: who waits, who is asked, who has what; and all that an agent does there. */
export class AgentDesk extends Emitter<AgentDeskEvents> {
  readonly id: string
  readonly me: string
  readonly #deps: AgentDeskDeps
  readonly #feed: DeskFeed

  constructor(id: string, deps: AgentDeskDeps) {
    super()
    this.id = id
    this.me = deps.me
    this.#deps = deps
    this.#feed = new DeskFeed({
      clock: deps.clock,
      view: (after) => deps.transport.rpc('desk.view', after === undefined ? { desk: id } : { desk: id, after }),
      onEvent: (event) => this.emit('event', event),
      onChanged: () => this.emit('changed', undefined),
    })
    this.#feed.setConnected(deps.transport.connection.state === 'connected')
  }

  get status(): 'loading' | 'live' | 'failed' {
    return this.#feed.status
  }

  /** Why the view is not there. */
  get error(): SwitchboardError | null {
    return this.#feed.error
  }

  get settings(): DeskSettings | null {
    return this.#feed.table.settings
  }

  get open(): boolean {
    return this.#feed.table.open
  }

  get agents(): ReadonlyMap<string, Agent> {
    return this.#feed.table.agents
  }

  /** What one is at this desk; undefined for who only watches. */
  get self(): Agent | undefined {
    return this.agents.get(this.me)
  }

  get conversations(): ReadonlyMap<string, Conversation> {
    return this.#feed.table.conversations
  }

  /** What one is responsible for and has not ended. */
  get mine(): Conversation[] {
    return [...this.conversations.values()].filter((one) => one.agent === this.me && !isEnded(one))
  }

  /** What is offered to oneself, the first to end first. */
  get offers(): Conversation[] {
    return [...this.conversations.values()]
      .filter(({ offer }) => offer?.agent === this.me)
      .sort((a, b) => (a.offer?.expires_at ?? 0) - (b.offer?.expires_at ?? 0))
  }

  /** @throws SwitchboardError, as all commands below. */
  setStatus(status: Agent['status'], capacity?: number): Promise<Agent> {
    const rest = capacity === undefined ? { status } : { status, capacity }
    return this.#call('desk.status', { cid: this.#deps.nextCid(), desk: this.id, ...rest })
  }

  accept(offer: string): Promise<ConversationStatus> {
    return this.#call('desk.accept', { cid: this.#deps.nextCid(), offer })
  }

  decline(offer: string): Promise<ConversationStatus> {
    return this.#call('desk.decline', { cid: this.#deps.nextCid(), offer })
  }

  /**
   * Does something with a conversation as one sees it now, or as of `revision`.
   * @throws SwitchboardError `conflict` with how it stands by then, when somebody was faster.
   */
  act<Name extends Fenced>(
    method: Name,
    at: Pick<Conversation, 'conversation' | 'revision'>,
    ...[rest]: object extends Rest<Name> ? [rest?: Rest<Name>] : [rest: Rest<Name>]
  ): Promise<Result<Name>> {
    const { conversation, revision } = at
    const params = { cid: this.#deps.nextCid(), conversation, revision, ...rest } as unknown as Params<Name>
    return this.#call(method, params)
  }

  /** For agents alone. */
  note(conversation: string, text: string): Promise<{ seq: number; at: number }> {
    return this.#call('desk.note', { cid: this.#deps.nextCid(), conversation, text })
  }

  /** Of this package: what the connection says about this desk. */
  readonly feed = {
    connected: (connected: boolean): void => this.#feed.setConnected(connected),
    subscribed: (subscribed: Subscribed): void => this.#feed.subscribed(subscribed),
    refused: (): void => {
      const message = 'This desk is for its agents.'
      this.#feed.refused(new SwitchboardError({ code: 'permission_denied', message, retry: false }))
    },
    publication: (event: DeskEvent): void => this.#feed.publication(event),
    close: (): void => this.#feed.close(),
  }

  #call<Name extends MethodName>(method: Name, params: Params<Name>): Promise<Result<Name>> {
    return untilAnswered(this.#deps.clock, () => this.#deps.transport.rpc(method, params))
  }
}
