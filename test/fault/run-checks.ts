import { PARTITIONS } from '@switchboard/contracts/partition'
import type { JournalRecord } from '@switchboard/testkit/history/records'
import type { Counters } from './states.ts'

/** What one process may have in memory when all is quiet again: a few times what it has when it begins. */
const MEMORY_BYTES_MAX = 500 * 1_048_576

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * From asking for a message to be sent to its acknowledgement, in milliseconds, sorted; endless without one. Who went away on
 * purpose before the answer waits for none.
 */
export function sendTimes(records: readonly JournalRecord[], { fromMs, toMs }: Span): number[] {
  const asked = new Map<string, { client: string; askedMs: number }>()
  const times: number[] = []
  for (const record of records) {
    if (record.type === 'invoke' && record.operation.name === 'send' && record.atMs >= fromMs && record.atMs < toMs)
      asked.set(record.id, { client: record.client, askedMs: record.atMs })
    if (record.type === 'connection' && record.state === 'ended')
      for (const [id, { client }] of [...asked]) if (client === record.client) asked.delete(id)
    if (record.type !== 'return') continue
    const { askedMs } = asked.get(record.id) ?? {}
    asked.delete(record.id)
    if (askedMs === undefined || record.outcome === 'refused') continue
    times.push(record.outcome === 'ok' ? record.atMs - askedMs : Infinity)
  }
  for (const _ of asked) times.push(Infinity)
  return times.sort((a, b) => a - b)
}

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity

export interface Outage {
  readonly user: string
  readonly ms: number
  readonly fromMs: number
}

/**
 * The longest time in which one user asked and asked again and got nothing: from the first thing asked for after an
 * acknowledgement to the next acknowledgement. Asking ends with the last thing asked: who is away waits for nothing.
 */
export function longestOutage(records: readonly JournalRecord[], { fromMs, toMs }: Span): Outage | undefined {
  const waiting = new Map<string, { sinceMs: number; lastMs: number }>()
  let worst: Outage | undefined
  const note = (user: string, untilMs: number) => {
    const wait = waiting.get(user)
    waiting.delete(user)
    if (wait && untilMs - wait.sinceMs > (worst?.ms ?? 0))
      worst = { user, ms: untilMs - wait.sinceMs, fromMs: wait.sinceMs }
  }
  for (const record of records) {
    if (record.atMs < fromMs || record.atMs > toMs) continue
    if (record.type === 'invoke') {
      const { sinceMs } = waiting.get(record.user) ?? { sinceMs: record.atMs }
      waiting.set(record.user, { sinceMs, lastMs: record.atMs })
    }
    // A refusal is an answer too: the system works, and says no.
    if (record.type === 'return' && record.outcome !== 'unknown') note(record.user, record.atMs)
  }
  for (const [user, { lastMs }] of [...waiting]) note(user, lastMs)
  return worst
}

const valuesOf = (samples: Counters, name: string): readonly [string, number][] =>
  [...samples].filter(([key]) => key === name || key.startsWith(`${name}{`))

/** What still waits in a process, by its own word; empty when nothing does. */
export function waitingIn(samples: Counters): string[] {
  const lag = valuesOf(samples, 'switchboard_storage_lag_seconds')
  const pending = valuesOf(samples, 'switchboard_channel_pending').filter(
    // Pushes wait for their time or for a provider; that is no backlog of ours.
    ([key]) => /channel="(mongo|replies|log|commands)"/.test(key),
  )
  return [...lag, ...pending].filter(([, value]) => value > 0).map(([key, value]) => `${key} ${value}`)
}

/** Of each group whose pods share the partitions: how many are held, where each should be held exactly once. */
export function misheld(groups: readonly (readonly [service: 'router' | 'storage', samples: readonly Counters[]])[]) {
  return groups.flatMap(([service, samples]) => {
    const name = `switchboard_${service}_partitions`
    const held = samples.flatMap((one) => valuesOf(one, name)).reduce((sum, [, value]) => sum + value, 0)
    return held === PARTITIONS ? [] : [`${service}s hold ${held} partitions of ${PARTITIONS}`]
  })
}

/** What a process still holds when all is quiet, of what must be bounded and given back. */
export function heldBy(name: string, samples: Counters): string[] {
  if (samples.size === 0) return [`${name} shows no metrics`]
  const over = (metric: string, max: number) =>
    valuesOf(samples, metric)
      .filter(([, value]) => value > max)
      .map(([key, value]) => `${name} holds ${key} ${value}, and ${max} are enough`)
  return [...over('process_resident_memory_bytes', MEMORY_BYTES_MAX), ...over('switchboard_edge_outbox_bytes', 0)]
}
