import { appendFileSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** What a switch file says. */
export interface Armed {
  /** Only in these processes; in all when left out. */
  readonly pids?: readonly number[]
  /** Off again after the first one that passes. */
  readonly once: boolean
}

/** The switches as an edited process asks them. */
export interface SwitchesInside {
  /** Whether this edit is in force here and now; each yes is written down. */
  isOn(name: string): boolean
  /** Ends this process as a crash would, at once. */
  crash(): void
}

declare global {
  var faultSwitches: SwitchesInside
}

export const switchFile = (directory: string, name: string): string => join(directory, `${name}.on`)
export const hitsFile = (directory: string, name: string): string => join(directory, `${name}.hits`)

/** A switch is a file, so that it works in every process at once and is asked at the very moment. */
export function switchesInside(directory: string): SwitchesInside {
  return {
    isOn: (name) => {
      const armed = readArmed(switchFile(directory, name))
      if (!armed || (armed.pids && !armed.pids.includes(process.pid))) return false
      if (armed.once && !takeAway(switchFile(directory, name))) return false
      appendFileSync(hitsFile(directory, name), `${process.pid}\n`)
      return true
    },
    crash: () => {
      process.kill(process.pid, 'SIGKILL')
      // Not one more line is run while the signal is on its way.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    },
  }
}

function readArmed(path: string): Armed | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Armed
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Of several processes that meet the same switch, one gets it. */
function takeAway(path: string): boolean {
  try {
    renameSync(path, `${path}.used`)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
