import type { JournalRecord } from './records.ts'
import type { DeskEventSeen, DeskInvoke, DeskReturn, FinalDesk } from './records-desk.ts'

export type ConversationChanged = Extract<DeskEventSeen, { type: 'conversation.changed' }>

/** All attempts with one cid: one thing that somebody wanted of a desk. */
export interface DeskWish {
  readonly user: string
  readonly invoke: DeskInvoke
  readonly answers: DeskReturn[]
  /** Attempts that have no answer: their process was killed. */
  open: number
  acked?: DeskReturn
}

/** The truth about one desk: what the log and MongoDB hold of it, where they were read; else what agents were handed. */
export interface DeskFacts {
  readonly desk: string
  readonly finals: FinalDesk[]
  /** By seq; the final histories first. */
  readonly bySeq: Map<number, { readonly event: DeskEventSeen; readonly record: JournalRecord }>
  /** The same in order. */
  readonly events: DeskEventSeen[]
}

export interface DesksFacts {
  readonly desks: ReadonlyMap<string, DeskFacts>
  /** By user and cid. */
  readonly wishes: ReadonlyMap<string, DeskWish>
  /** The visitor of each conversation that a desk knows. */
  readonly visitorOf: ReadonlyMap<string, string>
  /** By conversation, in the order of their desk. */
  readonly changes: ReadonlyMap<string, readonly ConversationChanged[]>
}

export const causeOf = (user: string, cid: string): string => `${user} ${cid}`

/** Puts together what was seen of each desk. One walk for what is kept, one for what was handed on. */
export function gatherDesks(records: readonly JournalRecord[]): DesksFacts {
  const desks = new Map<string, DeskFacts>()
  const get = (desk: string): DeskFacts => {
    const known = desks.get(desk) ?? { desk, finals: [], bySeq: new Map(), events: [] }
    desks.set(desk, known)
    return known
  }
  for (const record of records) {
    if (record.type !== 'final-desk') continue
    const facts = get(record.desk)
    facts.finals.push(record)
    for (const event of record.events) if (!facts.bySeq.has(event.seq)) facts.bySeq.set(event.seq, { event, record })
  }
  for (const record of records) {
    if (record.type !== 'desk-seen') continue
    const { bySeq } = get(record.desk)
    if (!bySeq.has(record.event.seq)) bySeq.set(record.event.seq, { event: record.event, record })
  }
  for (const { bySeq, events } of desks.values())
    events.push(...[...bySeq.values()].map(({ event }) => event).sort((a, b) => a.seq - b.seq))
  const all = [...desks.values()].flatMap(({ events }) => events).filter(isChange)
  const changes = Map.groupBy(all, ({ conversation }) => conversation.conversation)
  const visitorOf = new Map(all.map(({ conversation }) => [conversation.conversation, conversation.visitor]))
  return { desks, wishes: gatherWishes(records), visitorOf, changes }
}

export const isChange = (event: DeskEventSeen): event is ConversationChanged => event.type === 'conversation.changed'

function gatherWishes(records: readonly JournalRecord[]): Map<string, DeskWish> {
  const wishes = new Map<string, DeskWish>()
  const asked = new Map<string, DeskWish>()
  for (const record of records) {
    if (record.type === 'desk-invoke') {
      const key = causeOf(record.user, record.operation.cid)
      const wish = wishes.get(key) ?? { user: record.user, invoke: record, answers: [], open: 0 }
      wish.open += 1
      wishes.set(key, wish)
      asked.set(record.id, wish)
    } else if (record.type === 'desk-return') {
      const wish = asked.get(record.id)
      if (!wish) continue
      wish.open -= 1
      wish.answers.push(record)
      if (record.outcome === 'ok') wish.acked ??= record
    }
  }
  return wishes
}
