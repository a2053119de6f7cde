import type { Invoke, JournalRecord, Operation, Return } from './records.ts'

export interface Attempt {
  readonly invoke: Invoke
  /** Which connection of the client it left on, counted. */
  readonly connection: number
  /** Missing if the process was killed before an answer: unknown. */
  answer?: Return
  /** Which connection the client had when the answer came. */
  answerConnection?: number
}

/** All attempts with one cid: one thing that somebody wanted. */
export interface Wish {
  readonly user: string
  readonly cid: string
  readonly operation: Exclude<Operation, { name: 'read' }>
  readonly attempts: Attempt[]
  /** The first attempt that was acknowledged. */
  acked?: Attempt
}

export interface Operations {
  readonly wishes: readonly Wish[]
  /** Moves of a read mark: they have no cid. */
  readonly reads: readonly Attempt[]
  readonly all: readonly Attempt[]
  /** By room, sender and cid; creations only once their room is known. */
  readonly byEvent: ReadonlyMap<string, Wish>
}

const keyOf = (user: string, operation: Wish['operation']): string =>
  `${user} ${operation.name === 'create' ? '' : operation.room} ${operation.cid}`

/** Puts invocations, answers and attempts with the same cid together. One walk over the records. */
export function gatherOperations(records: readonly JournalRecord[]): Operations {
  const wishes = new Map<string, Wish>()
  const open = new Map<string, { attempt: Attempt; wish?: Wish }>()
  const connections = new Map<string, number>()
  const reads: Attempt[] = []
  const all: Attempt[] = []
  for (const record of records) {
    if (record.type === 'connection' && record.state === 'connected')
      connections.set(record.client, (connections.get(record.client) ?? 0) + 1)
    else if (record.type === 'invoke') {
      const attempt: Attempt = { invoke: record, connection: connections.get(record.client) ?? 0 }
      all.push(attempt)
      if (record.operation.name === 'read') {
        reads.push(attempt)
        open.set(record.id, { attempt })
      } else {
        const wish = wishFor(wishes, record, record.operation)
        wish.attempts.push(attempt)
        open.set(record.id, { attempt, wish })
      }
    } else if (record.type === 'return') settle(open, record, connections.get(record.client) ?? 0)
  }
  const byEvent = new Map<string, Wish>()
  for (const wish of wishes.values()) {
    const { user, cid, operation, acked } = wish
    byEvent.set(`${operation.name === 'create' ? acked?.answer?.room : operation.room} ${user} ${cid}`, wish)
  }
  return { wishes: [...wishes.values()], reads, all, byEvent }
}

function wishFor(wishes: Map<string, Wish>, { user }: Invoke, operation: Wish['operation']): Wish {
  const key = keyOf(user, operation)
  const known = wishes.get(key)
  if (known) return known
  const wish: Wish = { user, cid: operation.cid, operation, attempts: [] }
  wishes.set(key, wish)
  return wish
}

function settle(open: Map<string, { attempt: Attempt; wish?: Wish }>, answer: Return, answerConnection: number): void {
  const found = open.get(answer.id)
  if (!found) return
  open.delete(answer.id)
  const { attempt, wish } = found
  attempt.answer = answer
  attempt.answerConnection = answerConnection
  if (!wish) return
  // The same cid with another body is another wish, and the answer says that it came to nothing.
  if (answer.code === 'cid_conflict') wish.attempts.splice(wish.attempts.indexOf(attempt), 1)
  else if (answer.outcome === 'ok') wish.acked ??= attempt
}
