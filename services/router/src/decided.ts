import type { AnyEvent } from '@switchboard/contracts/events'
import type { Outcome } from './entity.ts'
import type { Taken } from './lane-deps.ts'

/** A command with what it came to. */
export interface Decided {
  readonly taken: Taken
  /** Undefined: dropped, as its client was told long ago that it may not have been done. */
  readonly outcome: Outcome | undefined
}

/**
 * A commit shows that the state was the newest. What changes nothing shows no such thing: a router that was stopped for a while
 * would refuse, or forget, what another one has applied meanwhile. So the log is asked.
 */
export const restsOnState = ({ outcome }: Decided): boolean =>
  outcome === undefined || outcome.kind === 'refused' || outcome.kind === 'forwarded'

/** Roughly, so that the entry is encoded once: three bytes for a character, and the frame around it. */
export function bytesOf(event: AnyEvent): number {
  if ('text' in event) return 400 + 3 * event.text.length
  if (event.type === 'conversation.changed' || event.type === 'conversation.details') return 1_200 + detailChars(event)
  return event.type === 'room.created' ? 400 + 100 * event.members.length : 400
}

function detailChars({ details, ...event }: Extract<AnyEvent, { details?: unknown }>): number {
  const note = 'note' in event ? event.note.text.length : 0
  return 3 * (note + (details ? JSON.stringify(details).length : 0))
}
