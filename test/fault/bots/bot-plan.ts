import type { DeviceBody } from '@switchboard/contracts/http'
import type { DeskPart } from './desk-plan.ts'

/** What a bot does next, and how often. */
export type Action =
  | 'send'
  | 'edit'
  | 'delete'
  | 'react'
  | 'read'
  | 'join'
  | 'leave'
  | 'add'
  | 'remove'
  | 'create'
  /** An old command again, under its old cid. */
  | 'duplicate'
  /** One command on two connections of a person at the same time. */
  | 'parallel'
  | 'looking'
  | 'online'

export const WEIGHTS: Readonly<Record<Action, number>> = {
  send: 60,
  edit: 5,
  delete: 2,
  react: 8,
  read: 12,
  join: 1.5,
  leave: 1,
  add: 2,
  remove: 1,
  create: 0.3,
  duplicate: 4,
  parallel: 3,
  looking: 2,
  online: 1.5,
}

export interface Rates {
  /** Of this process. */
  readonly operationsPerSecond: number
  readonly weights?: Partial<Record<Action, number>>
  /** How long a connection stays, and how long it is away, from and to. */
  readonly presentMs: readonly [number, number]
  readonly awayMs: readonly [number, number]
  /** How many returns have lost their place: their position is of no use, or the program has begun anew. */
  readonly lostPlaces: number
}

export const RATES: Rates = {
  operationsPerSecond: 30,
  presentMs: [10_000, 40_000],
  awayMs: [100, 8_000],
  lostPlaces: 0.2,
}

/** A phone: `target` is what a push for it will name. */
export interface Phone {
  readonly device: string
  readonly body: DeviceBody
  readonly target: string
}

export interface PlannedUser {
  readonly user: string
  /** Connections at the same time. */
  readonly connections: number
  /** With a phone, its owner is away most of the time. */
  readonly phone?: Phone
}

export interface PlannedRoom {
  readonly cid: string
  readonly kind: 'group' | 'public'
  readonly owner: string
  readonly members: readonly string[]
}

export interface KnownRoom {
  readonly room: string
  readonly kind: 'group' | 'public'
}

/** The first line that a client process reads. */
export interface BotPlan {
  /** `p1`. Names of clients and cids begin with it: a new process takes a new name. */
  readonly process: string
  readonly seed: number
  /** `sdk`: libs/client. `plain`: the npm package centrifuge. */
  readonly kind: 'sdk' | 'plain'
  /** The common address of all edges. */
  readonly url: string
  /** Some second connections go to a certain edge. */
  readonly edgeUrls?: readonly string[]
  readonly users: readonly PlannedUser[]
  /** Everybody of the run: who may be added to a room. */
  readonly everyone: readonly string[]
  /** Rooms that this process creates when it begins. */
  readonly rooms: readonly PlannedRoom[]
  /** Public rooms of other processes. */
  readonly known: readonly KnownRoom[]
  readonly rates: Rates
  /** Visitors and agents of a desk, beside the others. */
  readonly desk?: DeskPart & { readonly colleagues: readonly string[] }
  readonly journalPath: string
}

/** What a client process prints, a JSON object a line. */
export type BotLine =
  | { readonly event: 'ready' }
  | { readonly event: 'room'; readonly room: string; readonly kind: 'group' | 'public' }
  | ({ readonly event: 'finished' } & Summary)
  | ({ readonly event: 'looked' } & Summary)
  | { readonly event: 'settled'; readonly behind: readonly string[] }
  | { readonly event: 'present'; readonly users: readonly { readonly user: string; readonly sinceMs: number }[] }

export interface Summary {
  /** Everything was answered, and every outbox is empty. */
  readonly settled: boolean
  readonly inFlight: number
  readonly waiting: number
  readonly records: number
  readonly attempts: number
  readonly ok: number
  readonly refused: number
  readonly unknown: number
  readonly seen: number
  readonly away: readonly string[]
  /** Visitors who have entered at least once. */
  readonly entered: number
}

/** What a client process is told afterwards, a word a line; `room` is followed by JSON. */
export type BotCommand = 'start' | 'work' | 'pause' | 'finish' | 'settle' | 'present' | 'quit'
