import { CHANNEL_OF, type Publication } from '@switchboard/contracts/protocol'
import type { BackSource, Standing } from './log-source.ts'
import { publicationsOf } from './publications.ts'

/** Each entry is a question to the log, one behind the other: more than these are sooner had from storage. */
const EVENTS_MAX = 8

export type Newest = (at: Standing, after: number, upTo: number) => Promise<Publication[] | null>

/**
 * Events close to the head, out of the log: who was away for a moment has missed these, and when an edge has died that is everybody.
 * @returns null where they are too many or not to be had so, and storage must be asked.
 */
export function newestOf(source: BackSource): Newest {
  return async (at, after, upTo) => {
    if (at.logSeq === 0 || upTo > at.head || at.head - after > EVENTS_MAX) return null
    const { kind, id, epoch } = at
    // Storage may have it where a replica of the log has not.
    const entries = await source.back(at, after, EVENTS_MAX).catch(() => null)
    if (entries === null || entries.some(({ range }) => range.epoch !== epoch)) return null
    const events = entries.flatMap(({ range: { first }, payload }) =>
      publicationsOf(CHANNEL_OF[kind](id), first, payload),
    )
    const wanted = events.filter(({ offset }) => offset > after && offset <= upTo)
    return wanted.length === upTo - after ? wanted : null
  }
}
