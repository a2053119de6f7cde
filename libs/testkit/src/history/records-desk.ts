/** What a run with a desk writes down beside all else: what agents and visitors asked of it, what they were told, and what is kept. */
export type DeskRecord = DeskInvoke | DeskReturn | DeskSeen | FinalDesk

interface OfClient {
  readonly atMs: number
  readonly client: string
  readonly user: string
}

export type ConversationState =
  | 'queued'
  | 'offered'
  | 'assigned'
  | 'transferring'
  | 'held'
  | 'snoozed'
  | 'closed'
  | 'moved'

/** A conversation as its room, its agents and its answers tell of it. */
export interface StandingSeen {
  readonly state: ConversationState
  readonly revision: number
  readonly agent: string | null
}

/** What counts of a conversation, as an event of its desk carries it. */
export interface DeskConversation extends StandingSeen {
  readonly conversation: string
  readonly visitor: string
  readonly offer: { readonly offer: string; readonly agent: string } | null
  readonly priority: string
  readonly skill: string | null
  readonly entered_at: number
  readonly ticket: number
}

export interface DeskAgent {
  readonly user: string
  readonly capacity: number
  /** Whether they take conversations, and have a connection, as far as the desk has heard. */
  readonly status: 'online' | 'away' | 'offline'
  readonly connected: boolean
}

/** What counts of an event of a desk. */
export type DeskEventSeen = {
  readonly seq: number
  readonly at: number
  readonly from: string
  readonly cid: string
} & (
  | { readonly type: 'desk.updated'; readonly requeue_seconds: number }
  | { readonly type: 'agent.updated'; readonly agent: DeskAgent }
  | { readonly type: 'agent.removed'; readonly user: string }
  | { readonly type: 'conversation.changed'; readonly change: string; readonly conversation: DeskConversation }
)

export interface DeskOperation {
  readonly name:
    | 'enter'
    | 'leave'
    | 'rate'
    | 'status'
    | 'accept'
    | 'decline'
    | 'pick'
    | 'transfer'
    | 'hold'
    | 'snooze'
    | 'resume'
    | 'close'
    | 'reopen'
    | 'priority'
    | 'tag'
    | 'take'
  readonly cid: string
  readonly conversation?: string
  /** As the agent saw it last: it fences what they do. */
  readonly revision?: number
  readonly offer?: string
}

/** As `invoke`, for what a desk decides. */
export interface DeskInvoke extends OfClient {
  readonly type: 'desk-invoke'
  readonly id: string
  readonly operation: DeskOperation
}

/** As `return`. */
export interface DeskReturn extends OfClient {
  readonly type: 'desk-return'
  readonly id: string
  readonly outcome: 'ok' | 'refused' | 'unknown'
  readonly code?: string
  readonly conversation?: string
  /** How the conversation stood by then. */
  readonly standing?: StandingSeen
}

/** An event of a desk that an agent was handed. */
export interface DeskSeen extends OfClient {
  readonly type: 'desk-seen'
  readonly desk: string
  readonly event: DeskEventSeen
}

/** All events of a desk when everything is quiet. `store`: straight from MongoDB. `log`: straight from the log. */
export interface FinalDesk {
  readonly type: 'final-desk'
  /** When the reading began. */
  readonly atMs: number
  readonly desk: string
  readonly source: 'store' | 'log'
  readonly events: readonly DeskEventSeen[]
}
