import { availableParallelism } from 'node:os'
import type { DialectName, Member } from './load/dialect.ts'
import type { Fired, Firing, methods, Settled } from './load/room-load.ts'
import { startWorker, type Worker } from './load/worker.ts'
import { type Counts, mergeCounts, percentileMs } from './measure/histogram.ts'
import type { CpuMs } from './measure/processes.ts'
import { holdAgainst, VoidRunError } from './measure/void-run.ts'

type RoomLoad = Worker<typeof methods>

/** Load processes share the machine with what they load: two keep a few thousand connections without being the limit. */
const PROCESSES = Math.max(2, Math.floor(availableParallelism() / 2))

export interface Segment {
  readonly sent: number
  /** The same under the name that a stage asks for: each message is one event. */
  readonly events: number
  readonly delivered: number
  readonly heldBack: number
  readonly seconds: number
  /** The newest seq of each room that was written to. */
  readonly heads: Readonly<Record<string, number>>
  readonly acks: Counts
  readonly deliveries: Counts
}

/** What some work costs, by whatever processes do it. */
export type Meter = (work: () => Promise<Segment>) => Promise<{ result: Segment; used: CpuMs }>

/** The load processes of one bench. Groups of people stay connected over all segments. */
export class Crowd implements AsyncDisposable {
  readonly #workers: readonly RoomLoad[]
  /** How many hear each room, by group. */
  readonly #listeners = new Map<string, number>()
  /** The processes that have people of a group: of a single one there is nobody in the others. */
  readonly #peopled = new Map<string, readonly RoomLoad[]>()

  constructor(processes = PROCESSES) {
    this.#workers = Array.from({ length: processes }, () => startWorker<typeof methods>('load/room-load.ts'))
  }

  /** @returns how often they were told to come back later. People of one room stay in one process, unless `isSpread`: then the one who writes is in the first. */
  async open(
    group: string,
    options: { dialect: DialectName; url: string; rooms: readonly (readonly Member[])[]; timedOneIn?: number },
  ): Promise<number> {
    const { dialect, url, rooms, timedOneIn = 1 } = options
    const count = this.#workers.length
    const isSpread = rooms.length < count
    const parts = this.#workers.map((_, w) =>
      isSpread
        ? rooms.flatMap((members) => members.filter((_member, i) => i % count === w))
        : interleaved(rooms.filter((_members, r) => r % count === w)),
    )
    this.#listeners.set(group, rooms[0]?.length ?? 0)
    this.#peopled.set(
      group,
      this.#workers.filter((_worker, w) => (parts[w]?.length ?? 0) > 0),
    )
    const retries = await Promise.all(
      this.#workers.map((worker, w) =>
        worker.call('open', { group, dialect, url, timedOneIn, members: parts[w] ?? [] }),
      ),
    )
    return retries.reduce((sum, count) => sum + count, 0)
  }

  /**
   * One segment: writes, then waits until everybody has heard everything.
   * @throws VoidRunError when anything was lost, repeated, reordered or refused.
   */
  async work(
    group: string,
    firing: Omit<Firing, 'group'>,
    options: { writingProcesses?: number } = {},
  ): Promise<Segment> {
    const writing = (this.#peopled.get(group) ?? []).slice(0, options.writingProcesses)
    const share = { ...firing, group, perSecond: firing.perSecond / writing.length }
    const fired = await Promise.all(writing.map((worker) => worker.call('fire', share)))
    const heads = headsOf(fired)
    const settled = await Promise.all(this.#workers.map((worker) => worker.call('settle', { group, heads })))
    return judged(fired, settled, this.#listeners.get(group) ?? 0)
  }

  /** Waits for what others have written to the rooms of a group: `events` deliveries altogether. @throws VoidRunError */
  async hear(group: string, heads: Readonly<Record<string, number>>, events: number): Promise<void> {
    const settled = await Promise.all(this.#workers.map((worker) => worker.call('settle', { group, heads })))
    holdAgainst(settled, events)
  }

  async expectLoss(group: string): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.call('expectLoss', { group })))
  }

  /** @returns how often they were told to come back later. */
  async reopen(group: string): Promise<number> {
    const retries = await Promise.all(this.#workers.map((worker) => worker.call('reopen', { group })))
    return retries.reduce((sum, count) => sum + count, 0)
  }

  /** @returns how many connections went or came. */
  async churn(group: string, { perSecond, seconds }: { perSecond: number; seconds: number }): Promise<number> {
    const share = { group, seconds, perSecond: perSecond / this.#workers.length }
    const churned = await Promise.all(this.#workers.map((worker) => worker.call('churn', share)))
    return churned.reduce((sum, { transitions }) => sum + transitions, 0)
  }

  async close(group: string): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.call('close', { group })))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker[Symbol.asyncDispose]()))
  }
}

/** The first of each room, then the second of each: so those who write in turn write to another room each time. */
function interleaved(rooms: readonly (readonly Member[])[]): Member[] {
  const most = Math.max(0, ...rooms.map(({ length }) => length))
  return Array.from({ length: most }, (_, i) => rooms.flatMap((members) => members[i] ?? [])).flat()
}

function headsOf(fired: readonly Fired[]): Record<string, number> {
  const heads: Record<string, number> = {}
  for (const one of fired)
    for (const [room, head] of Object.entries(one.heads)) heads[room] = Math.max(head, heads[room] ?? 0)
  return heads
}

function judged(fired: readonly Fired[], settled: readonly Settled[], listeners: number): Segment {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const sent = sum(fired.map((one) => one.sent))
  holdAgainst(settled, sent * listeners)
  const acked = sum(settled.map((one) => one.acked))
  if (acked !== sent) throw new VoidRunError(`${sent} messages were sent and ${acked} acknowledged`)
  return {
    sent,
    events: sent,
    delivered: sent * listeners,
    heldBack: sum(fired.map((one) => one.heldBack)),
    heads: headsOf(fired),
    seconds: Math.max(...fired.map(({ seconds }) => seconds)),
    acks: mergeCounts(settled.map((one) => one.acks)),
    deliveries: mergeCounts(settled.map((one) => one.deliveries)),
  }
}

/** Percentiles under the name of what they are of. */
export const latencies = (what: string, counts: Counts): Record<string, number> => ({
  [`${what} p50 ms`]: percentileMs(counts, 0.5),
  [`${what} p99 ms`]: percentileMs(counts, 0.99),
})
