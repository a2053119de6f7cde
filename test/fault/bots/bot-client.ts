import type { Operation } from '@switchboard/testkit/history/records'
import type { ClientView } from './client-view.ts'
import type { Journal } from './journal.ts'
import type { Knowledge } from './knowledge.ts'
import type { Draft } from './operations.ts'

/** Counted over all clients of a process. */
export interface Tally {
  attempts: number
  ok: number
  refused: number
  unknown: number
}

export interface ClientOptions {
  readonly client: string
  readonly knowledge: Knowledge
  readonly journal: Journal
  readonly tally: Tally
  readonly token: string
  /** http://… of the edges, or of one. */
  readonly url: string
  readonly newCid: () => string
}

/** One connection of one person, whichever library it is made with. */
export interface BotClient {
  readonly client: string
  readonly view: ClientView
  readonly isConnected: boolean
  /** Operations that have no final answer yet. */
  readonly inFlight: number
  /** Messages that wait in an outbox. */
  readonly waiting: number
  connect(): void
  /** On purpose; positions are kept. */
  disconnect(): void
  /** Until it is answered. Never rejects. */
  perform(draft: Draft): Promise<void>
  /** The same command as somebody has sent before, or is sending at this moment. */
  repeat(operation: Operation): Promise<void>
  setLooking(looking: boolean): Promise<void>
  /** Asks who is online, which keeps signals coming for a minute. */
  watchOnline(room: string): Promise<void>
  /** Comes back without its place: a position that is of no use, or a program that begins anew. @returns whose place it takes. */
  returnLost(client: string): BotClient
  /** For good. */
  end(): void
}
