import type { EventSeen, Invoke, JournalRecord, Return, Seen } from './records.ts'
import type { CheckName } from './verdict.ts'

type Records = readonly JournalRecord[]
type Of<T extends JournalRecord['type']> = Extract<JournalRecord, { type: T }>

/** One way of being wrong, done to a correct history at a place that dice choose. */
export interface Mutation {
  readonly what: string
  readonly check: CheckName
  /** @returns undefined if the history has no place for it. */
  readonly spoil: (records: Records, dice: number) => Records | undefined
}

export const ofType = <T extends JournalRecord['type']>(records: Records, type: T): Of<T>[] =>
  records.filter((record): record is Of<T> => record.type === type)

/** Chooses a place, and does nothing if there is none. */
export function at<T>(all: readonly T[], dice: number, spoil: (one: T) => Records | undefined): Records | undefined {
  const chosen = all[dice % Math.max(1, all.length)]
  return chosen === undefined ? undefined : spoil(chosen)
}

export const without = (records: Records, ...gone: readonly JournalRecord[]): Records =>
  records.filter((record) => !gone.includes(record))

export const replace = (records: Records, old: JournalRecord, ...by: readonly JournalRecord[]): Records =>
  records.flatMap((record) => (record === old ? by : [record]))

/** Everything that tells of events of a room, told anew. */
export const retell = (records: Records, room: string, tell: (event: EventSeen) => EventSeen): Records =>
  records.map((record) => {
    if (record.type === 'seen' && record.room === room) return { ...record, event: tell(record.event) }
    if (record.type !== 'final-history' || record.room !== room) return record
    return { ...record, events: record.events.map(tell) }
  })

/** Before the final reads, when all is quiet. */
export function late(records: Records, afterMs: number, make: (atMs: number) => readonly JournalRecord[]): Records {
  const first = records.findIndex(({ type }) => type.startsWith('final-'))
  const atMs = (records[first - 1]?.atMs ?? 0) + afterMs
  return [...records.slice(0, first), ...make(atMs), ...records.slice(first)]
}

export interface Sent {
  readonly invoke: Invoke
  readonly answer: Return
  readonly room: string
  readonly seq: number
  readonly cid: string
}

/** Messages that were acknowledged at the first attempt, which was the only one. */
export function sentOnce(records: Records): Sent[] {
  const answers = new Map(ofType(records, 'return').map((answer) => [answer.id, answer]))
  const attempts = Map.groupBy(ofType(records, 'invoke'), ({ operation }) =>
    operation.name === 'read' ? 'read' : operation.cid,
  )
  return [...attempts.values()].flatMap((all) => {
    const [invoke] = all
    const answer = answers.get(invoke?.id ?? '')
    if (!invoke || all.length > 1 || invoke.operation.name !== 'send' || answer?.seq === undefined) return []
    const { room, cid } = invoke.operation
    return [{ invoke, answer, room, seq: answer.seq, cid }]
  })
}

export const eventsOf = (records: Records, room: string): readonly EventSeen[] =>
  ofType(records, 'final-history').find((final) => final.room === room && final.source === 'api')?.events ?? []

/** What one client saw of one room, in order. */
export const views = (records: Records): Seen[][] => [
  ...Map.groupBy(ofType(records, 'seen'), ({ client, room }) => `${client} ${room}`).values(),
]

/**
 * Seen, and with a next one that was seen in the same way without a new subscription between: nobody lost it honestly. A live
 * one has such a one before it too: the first after a reload may be left to history, which the client may not live to read.
 */
export const inTheMiddle = (records: Records, how: Seen['how']): Seen[] => {
  const subscriptions = Map.groupBy(
    records.filter((record) => record.type === 'subscribed' || record.type === 'unsubscribed'),
    ({ client, room }) => `${client} ${room}`,
  )
  return views(records).flatMap((all) =>
    all.filter((seen, i) => {
      const next = all[i + 1]
      if (seen.how !== how || next?.how !== how || next.event.seq !== seen.event.seq + 1) return false
      const before = how === 'live' ? all[i - 1] : seen
      if (before?.how !== how) return false
      const between = subscriptions.get(`${seen.client} ${seen.room}`) ?? []
      return !between.some(({ atMs }) => atMs > before.atMs && atMs < next.atMs)
    }),
  )
}
