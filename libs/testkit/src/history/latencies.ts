import { type FaultTime, gatherFaults } from './facts.ts'
import { type Attempt, gatherOperations } from './operations.ts'
import type { JournalRecord } from './records.ts'

/** What clients felt while one kind of fault was on, or while none was. Milliseconds. */
export interface LatencyRow {
  /** Name of the fault; `quiet` for the rest of the time. */
  readonly fault: string
  readonly times: number
  /** Things asked for in that time and acknowledged, then or later. */
  readonly acknowledged: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** The longest time in which nobody at all got an acknowledgement, although somebody waited for one. */
  readonly outageMs: number
  /** The longest that one client got none, although it waited for one. */
  readonly clientOutageMs: number
}

/** What goes wrong because of a fault goes wrong until this long after it. */
const AFTER_MS = 5_000
const QUIET = 'quiet'

interface Asked {
  readonly client: string
  readonly askedMs: number
  /** The first acknowledgement of any attempt; or when the last of them was given up; endless where it never had a word. */
  readonly endMs: number
  readonly acked: boolean
}

interface Window {
  readonly beginMs: number
  readonly endMs: number
}

/**
 * One row for each name of a fault, and one for quiet time. A thing that was asked for counts from its first attempt to its
 * first acknowledgement, with everything that lies between: that is what somebody waited.
 */
export function latencies(records: readonly JournalRecord[]): LatencyRow[] {
  const endMs = records.at(-1)?.atMs ?? 0
  const asked = askedOf(records)
  const faults = gatherFaults(records, endMs)
  const byName = Map.groupBy(faults, ({ fault }) => fault.name)
  const rows = [...byName].sort(([a], [b]) => (a < b ? -1 : 1))
  const all = windowsOf(faults, endMs)
  const waiting = waits(asked, endMs)
  const row = (fault: string, times: number, windows: readonly Window[]): LatencyRow => ({
    ...{ fault, times, ...spread(asked, windows), ...outages(waiting, windows) },
  })
  const named = rows.map(([name, times]) => row(name, times.length, windowsOf(times, endMs)))
  const quiet = without(all, { beginMs: records[0]?.atMs ?? 0, endMs })
  return [...named, row(QUIET, quiet.length, quiet)]
}

function askedOf(records: readonly JournalRecord[]): Asked[] {
  const { wishes, reads } = gatherOperations(records)
  const asked: Asked[] = []
  const note = (attempts: readonly Attempt[], acked: Attempt | undefined) => {
    const [first] = attempts
    // What was refused was answered: nobody waits for it, and it is no latency of a success.
    if (!first || (!acked && attempts.some(({ answer }) => answer?.outcome === 'refused'))) return
    const endMs = (acked ?? attempts.at(-1))?.answer?.atMs ?? Infinity
    asked.push({ client: first.invoke.client, askedMs: first.invoke.atMs, endMs, acked: acked !== undefined })
  }
  for (const { attempts, acked } of wishes) note(attempts, acked)
  for (const read of reads) note([read], read.answer?.outcome === 'ok' ? read : undefined)
  return asked.sort((a, b) => a.askedMs - b.askedMs)
}

/** Sorted, and joined where they overlap. */
function windowsOf(times: readonly FaultTime[], lastMs: number): Window[] {
  const joined: { beginMs: number; endMs: number }[] = []
  for (const { beginMs, endMs } of times) {
    const end = Math.min(endMs + AFTER_MS, lastMs)
    const last = joined.at(-1)
    if (last && beginMs <= last.endMs) last.endMs = Math.max(last.endMs, end)
    else joined.push({ beginMs, endMs: end })
  }
  return joined
}

function without(windows: readonly Window[], { beginMs, endMs }: Window): Window[] {
  const rest: Window[] = []
  let reachedMs = beginMs
  for (const window of windows) {
    if (window.beginMs > reachedMs) rest.push({ beginMs: reachedMs, endMs: window.beginMs })
    reachedMs = Math.max(reachedMs, window.endMs)
  }
  if (reachedMs < endMs) rest.push({ beginMs: reachedMs, endMs })
  return rest
}

function spread(asked: readonly Asked[], windows: readonly Window[]) {
  const took: number[] = []
  let i = 0
  for (const { askedMs, endMs, acked } of asked) {
    while ((windows[i]?.endMs ?? Infinity) < askedMs) i += 1
    if (acked && askedMs >= (windows[i]?.beginMs ?? Infinity)) took.push(endMs - askedMs)
  }
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0
  return { acknowledged: took.length, p50Ms: at(0.5), p99Ms: at(0.99) }
}

interface Waits {
  readonly anybody: readonly Window[]
  readonly clients: readonly Window[]
}

/** Every stretch in which somebody waited and nobody was acknowledged; and the same of each client by itself. */
function waits(asked: readonly Asked[], endMs: number): Waits {
  const byClient = Map.groupBy(asked, ({ client }) => client)
  const sorted = (windows: Window[]) => windows.sort((a, b) => a.beginMs - b.beginMs)
  return {
    anybody: sorted(stretches(asked, endMs)),
    clients: sorted([...byClient.values()].flatMap((own) => stretches(own, endMs))),
  }
}

/**
 * Walks through asking and acknowledging in the order of time. A stretch ends with each acknowledgement, and when the last that was
 * waited for is given up.
 */
function stretches(asked: readonly Asked[], endMs: number): Window[] {
  const ends = asked.filter((one) => one.endMs !== Infinity).sort((a, b) => a.endMs - b.endMs)
  const found: Window[] = []
  let beginMs: number | undefined
  let next = 0
  let open = 0
  const endUpTo = (untilMs: number) => {
    for (let end = ends[next]; end && end.endMs <= untilMs; end = ends[++next]) {
      open -= 1
      if (!end.acked && open > 0) continue
      if (beginMs !== undefined) found.push({ beginMs, endMs: end.endMs })
      beginMs = open > 0 ? end.endMs : undefined
    }
  }
  for (const { askedMs } of asked) {
    endUpTo(askedMs)
    open += 1
    beginMs ??= askedMs
  }
  endUpTo(endMs)
  if (beginMs !== undefined && beginMs < endMs) found.push({ beginMs, endMs })
  return found
}

function outages({ anybody, clients }: Waits, windows: readonly Window[]) {
  return { outageMs: longest(anybody, windows), clientOutageMs: longest(clients, windows) }
}

/** The longest part of a stretch within a window. Both are sorted by their begin. */
function longest(stretchesOfAll: readonly Window[], windows: readonly Window[]): number {
  let most = 0
  let first = 0
  for (const stretch of stretchesOfAll) {
    while ((windows[first]?.endMs ?? Infinity) < stretch.beginMs) first += 1
    for (let i = first; (windows[i]?.beginMs ?? Infinity) < stretch.endMs; i += 1) {
      const window = windows[i]
      if (window)
        most = Math.max(most, Math.min(stretch.endMs, window.endMs) - Math.max(stretch.beginMs, window.beginMs))
    }
  }
  return most
}
