import type { DeskRecord, StandingSeen } from './records-desk.ts'

/**
 * What a fault run writes down, one JSON object a line: what was asked for, what was answered, what each client saw, what the
 * phones got, which faults were on, and what everything looked like at the end. The checker reads nothing else.
 *
 * `atMs` is milliseconds since the epoch on a clock that never steps (`performance.timeOrigin + performance.now()`), so that
 * the journals of several processes on one machine can be merged.
 */
export type JournalRecord =
  | Invoke
  | Return
  | Connection
  | Subscribed
  | Unsubscribed
  | Seen
  | PresenceSeen
  | MarkSeen
  | Device
  | Looking
  | Push
  | Fault
  | FaultState
  | DeskRecord
  | Final

interface At {
  readonly atMs: number
}

/** A client is one connection object of one user in one process: `p1-7`. A user may have several. */
interface OfClient extends At {
  readonly client: string
  readonly user: string
}

export type Operation =
  | {
      readonly name: 'create'
      readonly cid: string
      readonly kind: 'group' | 'public'
      readonly members: readonly string[]
    }
  | { readonly name: 'send'; readonly cid: string; readonly room: string; readonly text: string }
  | { readonly name: 'edit'; readonly cid: string; readonly room: string; readonly seq: number; readonly text: string }
  | { readonly name: 'delete'; readonly cid: string; readonly room: string; readonly seq: number }
  | {
      readonly name: 'react'
      readonly cid: string
      readonly room: string
      readonly seq: number
      readonly emoji: string
      readonly on: boolean
    }
  | { readonly name: 'join' | 'leave'; readonly cid: string; readonly room: string }
  | { readonly name: 'add' | 'remove'; readonly cid: string; readonly room: string; readonly user: string }
  | { readonly name: 'read'; readonly room: string; readonly seq: number }

/** Written before the command leaves. The same `cid` may be invoked many times; `id` is unique to the attempt. */
export interface Invoke extends OfClient {
  readonly type: 'invoke'
  readonly id: string
  readonly operation: Operation
}

/**
 * `ok`: acknowledged. `refused`: a refusal that no retry changes; nothing may have happened. `unknown`: no answer, a lost
 * connection or a retryable error; it may have happened, now or later.
 */
export interface Return extends OfClient {
  readonly type: 'return'
  readonly id: string
  readonly outcome: 'ok' | 'refused' | 'unknown'
  /** Of the event, for `ok`. */
  readonly seq?: number
  /** Of a created room. */
  readonly room?: string
  /** For `read`. */
  readonly read?: number
  readonly unread?: number
  /** Of the error; `connection` when the answer never came. */
  readonly code?: string
}

export interface Connection extends OfClient {
  readonly type: 'connection'
  /** `ended`: closed on purpose, by this side. */
  readonly state: 'connected' | 'lost' | 'ended'
  /** Close code, for `lost`. */
  readonly code?: number
  /** Whether the client library says that it will not come back. */
  readonly terminal?: boolean
}

export interface Subscribed extends OfClient {
  readonly type: 'subscribed'
  readonly room: string
  /** `fresh`: no position was given. `recovered`: everything after `from` follows. `reload`: told that it must load anew. */
  readonly how: 'fresh' | 'recovered' | 'reload'
  /**
   * The last seq that this client had, or for a first `fresh` the head that the server named. However it goes on, live,
   * recovered or by history, the next event that this client sees of the room is `from + 1`, until it is unsubscribed.
   */
  readonly from: number
  /** Events in the gap, for `recovered`. */
  readonly gap?: number
}

export interface Unsubscribed extends OfClient {
  readonly type: 'unsubscribed'
  readonly room: string
}

/** What counts of an event of a room. */
export interface EventSeen {
  readonly type: string
  readonly seq: number
  readonly n: number
  readonly from: string
  readonly cid: string
  /** As it was written. Left out where history shows a later text in its place, or a deletion. */
  readonly text?: string
  readonly target?: number
  /** Of `member.added` and `member.removed`. */
  readonly user?: string
  /** Of `room.created`. */
  readonly members?: readonly string[]
  /** Of `conversation.…`: how it stands from here on. */
  readonly standing?: StandingSeen
}

export interface Seen extends OfClient {
  readonly type: 'seen'
  readonly room: string
  /** `history`: read by the client to fill what `reload` left open. */
  readonly how: 'live' | 'recovered' | 'history'
  readonly event: EventSeen
}

export interface PresenceSeen extends OfClient {
  readonly type: 'presence'
  readonly room: string
  readonly who: string
  readonly online: boolean
}

/** A read position as told to a client: its own answer, or `read` on its user channel. */
export interface MarkSeen extends OfClient {
  readonly type: 'mark'
  readonly room: string
  readonly read: number
  readonly unread: number
}

export interface Device extends At {
  readonly type: 'device'
  readonly user: string
  /** What `Push.target` will be. */
  readonly target: string
}

export interface Looking extends OfClient {
  readonly type: 'looking'
  readonly looking: boolean
}

/** One request that reached a push server, with what it answered; status 0 stands for no answer. */
export interface Push extends At {
  readonly type: 'push'
  readonly provider: 'apns' | 'fcm' | 'webpush'
  readonly target: string
  readonly room: string
  readonly seq: number
  readonly status: number
  /** True when a phone would have shown it. */
  readonly shown: boolean
}

export interface Fault extends At {
  readonly type: 'fault'
  readonly id: string
  readonly phase: 'begin' | 'healed'
  readonly name: string
  /** `router-2`, `edge-1 → nats-3` … */
  readonly target: string
}

/** How often a state that the run is for was reached: a fenced router, a repaired feed … Counted from the services' metrics. */
export interface FaultState extends At {
  readonly type: 'state'
  readonly name: string
  readonly count: number
}

/** Read when the faults are healed and everything is quiet, by clients that were not there before. */
export type Final =
  | (At & {
      readonly type: 'final-history'
      readonly room: string
      /** `api`: all pages over HTTP by a fresh client. `store`: straight from MongoDB. `log`: straight from the log. */
      readonly source: 'api' | 'store' | 'log'
      readonly events: readonly EventSeen[]
    })
  | (At & {
      readonly type: 'final-list'
      readonly user: string
      /** The device that asked, as several may. */
      readonly client: string
      readonly rooms: readonly {
        readonly room: string
        readonly head: number
        readonly read: number
        readonly unread: number
      }[]
    })
  | (At & { readonly type: 'final-members'; readonly room: string; readonly members: readonly string[] })
  | (At & {
      readonly type: 'final-online'
      readonly room: string
      /** What `room.online` says. */
      readonly online: readonly string[]
      /** The members who had a socket, and for long enough. */
      readonly truth: readonly string[]
    })
