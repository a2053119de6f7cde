import type { JournalRecord } from './records.ts'

/** What each check holds, as a promise of docs/guarantees.md. The key is the name under which a finding is reported. */
export const PROMISE_OF = {
  'lost-after-ack': 'G1',
  'lost-after-seen': 'G1',
  'not-read': 'G1',
  'different-order': 'G2',
  hole: 'G2',
  'wrong-n': 'G2',
  reordered: 'G2',
  'wrong-content': 'G2',
  duplicate: 'G3',
  'unknown-twice': 'G3',
  'two-seqs': 'G3',
  'refused-applied': 'G3',
  'not-delivered': 'G4',
  'delivered-after-removal': 'G4',
  'wrong-members': 'G4',
  'mark-moved-back': 'G4',
  'marks-differ': 'G4',
  'wrong-unread': 'G4',
  'wrong-list': 'G4',
  'ghost-online': 'G5',
  'missing-online': 'G5',
  'push-twice': 'G6',
  'push-after-read': 'G6',
  'push-to-sender': 'G6',
  'push-to-stranger': 'G6',
  'two-owners': 'G7',
  'revision-back': 'G7',
  'conversation-lost': 'G7',
  'not-requeued': 'G7',
  'capacity-exceeded': 'G7',
  'queue-order': 'G7',
  'fence-broken': 'G7',
  'wrong-writer': 'G7',
  'room-behind': 'G7',
  'note-seen': 'G7',
  'desk-without-effect': 'G1',
  'not-reached': 'run',
  'torn-journal': 'run',
} as const

export type CheckName = keyof typeof PROMISE_OF

export interface Finding {
  readonly check: CheckName
  /** The promise that is broken: `G1` to `G7`; `run` if the run itself proves nothing. */
  readonly promise: (typeof PROMISE_OF)[CheckName]
  readonly message: string
  /** A few records that show it. */
  readonly evidence: readonly JournalRecord[]
}

export interface CheckOptions {
  /** States that must have been reached at least once. A run that did not reach what it was for proves nothing. */
  readonly required?: readonly string[]
  /** True for a phase that nobody read at the end: what needs final reads is not checked then. */
  readonly withoutFinals?: boolean
  /** Between a read that was acknowledged and a push that may still come. */
  readonly pushMarginMs?: number
  /** Between a removal that was acknowledged and the last event its user may be sent. */
  readonly removalMarginMs?: number
  /** Beyond what a desk waits: how long until an agent without a connection has nothing any more. */
  readonly requeueMarginMs?: number
  /** How far the clocks of two processes of one machine may be apart. */
  readonly clockSlackMs?: number
  /** Clients whose library sends one after the other per room, also over reconnects and retries. */
  readonly sendsInOrder?: (client: string) => boolean
  /** Torn last lines that were left out, as `readJournal` counted them, and how many killed processes explain. */
  readonly torn?: { readonly lines: number; readonly allowed: number }
}

export type ResolvedOptions = Required<CheckOptions>

export const resolveOptions = (options: CheckOptions): ResolvedOptions => ({
  required: [],
  withoutFinals: false,
  pushMarginMs: 5_000,
  removalMarginMs: 1_000,
  // A lease of an edge, the grace of presence, and a look at the clock.
  requeueMarginMs: 30_000,
  clockSlackMs: 50,
  sendsInOrder: () => false,
  torn: { lines: 0, allowed: 0 },
  ...options,
})

export interface Verdict {
  readonly passed: boolean
  /** At most `FINDINGS_MAX` of each check; `found` counts them all. */
  readonly findings: readonly Finding[]
  readonly found: Readonly<Partial<Record<CheckName, number>>>
  /** What was done: operations by name and outcome, events, rooms, clients … */
  readonly counts: Readonly<Record<string, number>>
  /** How often each fault, and each state that faults are to lead to, was reached. */
  readonly states: Readonly<Record<string, number>>
}

/** One bug may break every room: a few of each kind are enough to understand it. */
export const FINDINGS_MAX = 20
const EVIDENCE_MAX = 6

/** Gathers findings, bounded by check. */
export class Findings {
  readonly found = new Map<CheckName, number>()
  readonly list: Finding[] = []

  add(check: CheckName, message: string, evidence: readonly (JournalRecord | undefined)[] = []): void {
    const count = (this.found.get(check) ?? 0) + 1
    this.found.set(check, count)
    if (count > FINDINGS_MAX) return
    const records = evidence.filter((record) => record !== undefined).slice(0, EVIDENCE_MAX)
    this.list.push({ check, promise: PROMISE_OF[check], message, evidence: records })
  }
}
