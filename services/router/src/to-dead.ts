/**
 * channel    dead (JetStream)
 * comes      commands that are not of ours, or that no lane can decide
 * goes       operators
 * guarantee  kept: the reader does not pass a record before its grave is dug
 * order      none
 * acked      by the stream
 */
import type { Bus } from '@switchboard/bus/connect'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import { bury } from '@switchboard/bus/work'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { RouterEvents } from './events.ts'

/** A command that cannot be decided, as it lay in its stream. */
export interface Poison {
  readonly subject: string
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly data: Uint8Array
}

/** Resolves when it lies there. @throws when the stream was away for all tries: the process ends and reads the command again. */
export type Bury = (poison: Poison, reason: string) => Promise<void>

const TRIES_MAX = 20

export function toDead(bus: Bus, events: RouterEvents): Bury {
  return async ({ subject, seq, at, data }, reason) => {
    events.poison(subject, reason)
    for (let failures = 0; ; failures += 1) {
      try {
        await bury(bus, { service: 'router', channel: 'commands', subject, stream_seq: seq, reason, at, data })
        return
      } catch (error) {
        if (!isInfrastructure(error) || failures >= TRIES_MAX) throw error
        await pause(backoffMs(failures, Math.random))
      }
    }
  }
}
