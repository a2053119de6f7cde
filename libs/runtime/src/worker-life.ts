import { MAX } from '@switchboard/contracts/limits'
import { backoffMs } from './deadline.ts'

/** Between two looks at a worker. All its time is counted in looks: a parent that was stopped itself has not looked. */
export const LOOK_MS = 500

const SILENT_LOOKS = (MAX.workerSilentSeconds * 1_000) / LOOK_MS
const START_LOOKS = (MAX.workerStartSeconds * 1_000) / LOOK_MS
/** Ready for so long, a worker has not failed in its start: the next end is a first one again. */
const SOUND_LOOKS = 60
const REST = { base: 250, max: 15_000 }

export type Phase = 'starting' | 'ready' | 'ending' | 'resting'
/** What the parent is to do: ask whether it is alive, kill it, or start it. */
export type Order = 'nothing' | 'ask' | 'kill' | 'start'
/** Why a worker had to be started again: it ended by itself, did not answer any more, or was not ready in time. */
export type EndCause = 'ended' | 'silent' | 'late'

/** One worker as its parent sees it: when it is asked, given up and started again. */
export class WorkerLife {
  #phase: Phase = 'starting'
  #looks = 0
  /** Looks since it said something. */
  #silent = 0
  #failures = 0
  #restLooks = 0
  #cause: EndCause = 'ended'

  get phase(): Phase {
    return this.#phase
  }

  started(): void {
    this.#cause = 'ended'
    this.#enter('starting')
  }

  ready(): void {
    this.#enter('ready')
  }

  heard(): void {
    this.#silent = 0
  }

  /** Its process is gone. @returns why, and after how many milliseconds it is started again, with dice. */
  ended(random: () => number): { cause: EndCause; restMs: number } {
    if (this.#phase === 'ready' && this.#looks >= SOUND_LOOKS) this.#failures = 0
    const restMs = backoffMs(this.#failures, random, REST)
    this.#failures += 1
    this.#restLooks = Math.ceil(restMs / LOOK_MS)
    this.#enter('resting')
    return { cause: this.#cause, restMs }
  }

  look(): Order {
    this.#looks += 1
    switch (this.#phase) {
      case 'starting':
        return this.#looks > START_LOOKS ? this.#giveUp('late') : 'nothing'
      case 'ready':
        this.#silent += 1
        if (this.#silent > SILENT_LOOKS) return this.#giveUp('silent')
        // One question is enough: those that nobody reads would only pile up.
        return this.#silent === 1 ? 'ask' : 'nothing'
      case 'ending':
        return 'nothing'
      case 'resting':
        return this.#looks > this.#restLooks ? 'start' : 'nothing'
    }
  }

  #giveUp(cause: EndCause): Order {
    if (this.#phase === 'ready' && this.#looks >= SOUND_LOOKS) this.#failures = 0
    this.#cause = cause
    this.#enter('ending')
    return 'kill'
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.#looks = 0
    this.#silent = 0
  }
}
