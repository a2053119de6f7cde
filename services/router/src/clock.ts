import { isRefusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { untilStepMs } from '@switchboard/runtime/deadline'
import { DeskClock, type DeskPartition } from './desk-clock.ts'
import type { RouterEvents } from './events.ts'
import type { SendEffects } from './to-commands.ts'
import type { AskStorage } from './to-queries.ts'

/** A clock that ticks slowly while nothing is to do. */
export interface Ticking extends Disposable {
  /** There is something to do: if it rests, it ticks again soon. */
  hurry(): void
}

/**
 * Calls `tick` every `everyMs` as long as it says that there is something to do, and else every `restMs`, in step with whatever the
 * process does besides: each call wakes it.
 */
export function ticking(
  { everyMs, restMs, nowMs = () => performance.now() }: { everyMs: number; restMs: number; nowMs?: () => number },
  tick: () => boolean,
): Ticking {
  let isResting = false
  let timer: NodeJS.Timeout | undefined
  const wait = () => {
    timer = setTimeout(
      () => {
        isResting = !tick()
        wait()
      },
      isResting ? untilStepMs(restMs, nowMs()) : everyMs,
    )
  }
  wait()
  return {
    hurry: () => {
      if (!isResting) return
      isResting = false
      clearTimeout(timer)
      wait()
    },
    [Symbol.dispose]: () => {
      isResting = false
      clearTimeout(timer)
    },
  }
}

export interface DeskParts {
  readonly storage: Pick<AskStorage, 'desks'>
  readonly send: SendEffects
  readonly isOnline: (user: string) => boolean
  readonly events: RouterEvents
  readonly nowMs: () => number
}

/** The desks of the partitions that are ours, and what drives their clocks. */
export interface Desks extends Disposable {
  readonly heard: (desk: string) => void
  /** A partition is ours until what is returned is called. */
  readonly hold: (partition: number, held: DeskPartition) => () => void
}

/** Between two looks where there is no desk: soon enough for one that storage could not tell of, and it wakes nobody for nothing. */
const REST_MS = 3 * MAX.leaseLookMs

/** Looks at the clocks of all desks several times a second, where there are any. */
export function runDesks({ storage, send, isOnline, events, nowMs }: DeskParts): Desks {
  const held = new Map<number, DeskPartition>()
  const list = async () => {
    const answer = await storage.desks()
    if (isRefusal(answer)) return undefined
    if (answer.desks.length > 0) ticks.hurry()
    return answer.desks
  }
  const clock = new DeskClock({ partition: (partition) => held.get(partition), list, send, isOnline })
  const ticks = ticking({ everyMs: MAX.deskTickMs, restMs: REST_MS }, () => {
    const census = clock.tick({ nowMs: nowMs(), steadyMs: performance.now() })
    if (census) events.deskCensus(census)
    return !clock.isEmpty
  })
  return {
    heard: (desk) => {
      clock.heard(desk)
      ticks.hurry()
    },
    hold: (partition, ours) => {
      held.set(partition, ours)
      return () => {
        if (held.get(partition) === ours) held.delete(partition)
      }
    },
    [Symbol.dispose]: () => ticks[Symbol.dispose](),
  }
}
