/**
 * channel    replies (core NATS)
 * comes      outcomes of commands, from the lanes
 * goes       the edge that asked, one line per outcome, all of one turn of the loop in one message
 * guarantee  at most once; the edge times out and the client sends its cid again
 * order      none
 * acked      never
 */

import type { Bus } from '@switchboard/bus/connect'
import { publish } from '@switchboard/bus/core'
import type { Refusal } from '@switchboard/contracts/errors'
import type { ReplyRecord, ReplyTo } from '@switchboard/contracts/records'
import type { RouterEvents } from './events.ts'

export interface Replies {
  ok(to: ReplyTo | undefined, result: object): void
  no(to: ReplyTo | undefined, refusal: Refusal): void
}

export function toReplies(bus: Bus, events: RouterEvents): Replies {
  const waiting = new Map<string, string[]>()
  const flush = () => {
    for (const [edge, lines] of waiting) {
      publish(bus, bus.names.reply(edge), lines.join('\n'))
      events.sent('replies', 'sent', lines.length)
    }
    waiting.clear()
  }
  const add = (to: ReplyTo, record: ReplyRecord) => {
    // What one commit answers goes out together: the message to an edge is the unit of cost, not the answer.
    if (waiting.size === 0) setImmediate(flush)
    const lines = waiting.get(to.edge) ?? []
    waiting.set(to.edge, lines)
    lines.push(JSON.stringify(record))
  }
  return {
    ok: (to, result) => to && add(to, { r: to.request, ok: result }),
    no: (to, refusal) => to && add(to, { r: to.request, no: refusal }),
  }
}
