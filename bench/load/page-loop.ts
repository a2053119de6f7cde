import { type Counts, Histogram } from '../measure/histogram.ts'
import { nowUs } from './clock.ts'

/** Which pages are read, and for how long. */
export interface PageWork {
  readonly rooms: readonly string[]
  /** The least seq that all rooms have. */
  readonly head: number
  readonly limit: number
  /** Pages that are asked for at the same time. */
  readonly atOnce: number
  readonly seconds: number
}

export interface PagesDone {
  readonly pages: number
  readonly seconds: number
  readonly times: Counts
  readonly faults: readonly string[]
}

/** One page: `limit` events of `room` that end before `before`. `turn` counts over all of them. */
export interface PageWanted {
  readonly turn: number
  readonly room: string
  readonly before: number
  readonly limit: number
}

const FAULTS_KEPT = 5

/** Reads page after page, some at the same time, until the time is over. `read` resolves with what is wrong with its page. */
export async function readPages(
  work: PageWork,
  read: (page: PageWanted) => Promise<string | undefined>,
): Promise<PagesDone> {
  const times = new Histogram()
  const faults: string[] = []
  const from = performance.now()
  let pages = 0
  const one = async (first: number) => {
    for (let turn = first; performance.now() - from < work.seconds * 1_000; turn += work.atOnce) {
      const room = work.rooms[turn % work.rooms.length] ?? ''
      const us = nowUs()
      const fault = await read({ turn, room, before: beforeSeq(turn, work), limit: work.limit })
      times.add(nowUs() - us)
      if (fault !== undefined) faults.push(fault)
      pages += 1
    }
  }
  await Promise.all(Array.from({ length: work.atOnce }, (_, first) => one(first)))
  const seconds = (performance.now() - from) / 1_000
  return { pages, seconds, times: [...times.counts], faults: faults.slice(0, FAULTS_KEPT) }
}

/** Pages all over the room, the same ones for everybody who asks: a step that meets every place before one comes again. */
const beforeSeq = (turn: number, { head, limit }: PageWork): number => limit + 1 + ((turn * 7_919) % (head - limit))
