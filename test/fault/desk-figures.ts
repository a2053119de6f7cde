import type { DeskEventSeen } from '@switchboard/testkit/history/records-desk'
import type { WorkBand } from '../../tools/docs-faults.ts'
import { percentile } from './run-checks.ts'

/** How much work the routers had done by some moment, and how many waited then. */
export interface WorkSample {
  readonly waiting: number
  /** Events of desks so far. */
  readonly events: number
  /** Processor time of all routers so far, in milliseconds; a router that was killed counts up to its last sample. */
  readonly cpuMs: number
}

type Changed = Extract<DeskEventSeen, { type: 'conversation.changed' }>

/** Waits and offers, from the events of a desk. */
export function offersOf(events: readonly DeskEventSeen[]) {
  const changed = events.filter((event): event is Changed => event.type === 'conversation.changed')
  const offered = changed.filter(({ change }) => change === 'offered')
  const first = new Map<string, number>()
  for (const { conversation, at } of offered)
    if (!first.has(conversation.conversation)) first.set(conversation.conversation, at - conversation.entered_at)
  const waits = [...first.values()].sort((a, b) => a - b)
  const spanMs = (offered.at(-1)?.at ?? 0) - (offered[0]?.at ?? 0)
  return {
    conversations: new Set(changed.map(({ conversation }) => conversation.conversation)).size,
    offers: offered.length,
    offersPerSecond: spanMs === 0 ? 0 : Math.round((offered.length * 10_000) / spanMs) / 10,
    firstOfferMsP50: percentile(waits, 0.5),
    firstOfferMsP99: percentile(waits, 0.99),
    firstOfferMsMax: waits.at(-1) ?? Number.POSITIVE_INFINITY,
  }
}

/** Processor time for each event of the desk, by how many waited: what must not grow with the queue. */
export function bandsOf(samples: readonly WorkSample[], edges: readonly (readonly [number, number])[]): WorkBand[] {
  return edges.flatMap(([fromWaiting, toWaiting]) => {
    let events = 0
    let cpuMs = 0
    for (const [i, after] of samples.entries()) {
      const before = samples[i - 1]
      if (!before || Math.min(before.waiting, after.waiting) < fromWaiting) continue
      if (Math.max(before.waiting, after.waiting) > toWaiting) continue
      events += after.events - before.events
      cpuMs += after.cpuMs - before.cpuMs
    }
    if (events <= 0) return []
    return [{ fromWaiting, toWaiting, events, cpuMsPerEvent: Math.round((cpuMs / events) * 100) / 100 }]
  })
}
