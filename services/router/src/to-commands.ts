/**
 * channel    commands (JetStream)
 * comes      effects of committed events on other entities, from the lanes
 * goes       the stream of the other entity's partition
 * guarantee  at least once: tried until the stream has it; the cid is made of the cause, so a repetition changes nothing
 * order      none between effects
 * acked      by the stream, before the causing command counts as finished
 */

import type { Bus } from '@switchboard/bus/connect'
import { encodeJson } from '@switchboard/bus/core'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import { headersOption, withTrace } from '@switchboard/bus/trace'
import type { Effect } from '@switchboard/domain/user'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { RouterEvents } from './events.ts'

/** Resolves when the stream has all effects, or `signal` ends the trying: then the partition's next owner finds them by its floor. */
export type SendEffects = (effects: readonly Effect[], signal: AbortSignal) => Promise<void>

export function toCommands(bus: Bus, events: RouterEvents): SendEffects {
  const send = async ({ kind, id, command }: Effect, signal: AbortSignal) => {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        const headers = headersOption(withTrace(bus.tracing?.active))
        await bus.js.publish(bus.names.command(kind, id), encodeJson(command), headers)
        return events.sent('commands', 'sent')
      } catch (error) {
        if (!isInfrastructure(error)) throw error
        events.sent('commands', 'retried')
        await pause(backoffMs(attempt, Math.random), signal)
      }
    }
  }
  return async (effects, signal) => {
    await Promise.all(effects.map((effect) => send(effect, signal)))
  }
}
