import type { StorageHandlers } from '@switchboard/bus/ask'
import { refuse } from '@switchboard/contracts/errors'
import { createSlots } from '@switchboard/runtime/slots'

type Handler = (question: never) => Promise<object>

export interface TurnOptions {
  /** Questions that are worked on at the same time. */
  readonly atOnce: number
  /** How long one may wait for that, in milliseconds. */
  readonly waitMsMax: number
  /** Milliseconds on a clock that nobody sets. */
  readonly steadyMs: () => number
}

/**
 * Only so many questions are worked on at once, the others wait. A database that is too slow goes on with what was given up here, so
 * that keeps its place until it is done. What has waited for too long is refused and not begun: when more is asked than can be
 * answered, answers must be in time all the same. @NOTE As long as only the deadline of the answer counted, each was begun just
 * before it, came just after it, and was asked for again: full work, and nobody was answered.
 */
export function inTurn({ atOnce, waitMsMax, steadyMs }: TurnOptions) {
  const slots = createSlots(atOnce)
  return <H extends Partial<StorageHandlers>>(handlers: H): H => {
    const waiting = Object.entries(handlers).map(([name, handle]) => {
      const inSlot = (question: never) => {
        const askedMs = steadyMs()
        return slots(async () => {
          if (steadyMs() - askedMs > waitMsMax) return refuse('too_many_requests', { after_ms: waitMsMax })
          return (handle as Handler)(question)
        })
      }
      return [name, inSlot]
    })
    return Object.fromEntries(waiting) as H
  }
}
