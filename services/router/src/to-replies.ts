/**
 * channel    replies (core NATS)
 * comes      outcomes of commands, from the lanes
 * goes       the edge that asked, one line per outcome, all of one turn of the loop in one message if they fit
 * guarantee  at most once; the edge times out and the client sends its cid again
 * order      none
 * acked      never
 */

import type { Bus } from '@switchboard/bus/connect'
import { publish } from '@switchboard/bus/core'
import type { Refusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { ReplyRecord, ReplyTo } from '@switchboard/contracts/records'
import type { RouterEvents } from './events.ts'

export interface Replies {
  ok(to: ReplyTo | undefined, result: object): void
  no(to: ReplyTo | undefined, refusal: Refusal): void
}

/** What one edge is told next. */
interface Waiting {
  lines: string[]
  chars: number
}

export function toReplies(bus: Bus, events: RouterEvents): Replies {
  const waiting = new Map<string, Waiting>()
  const send = (edge: string, { lines }: Waiting) => {
    publish(bus, bus.names.reply(edge), lines.join('\n'))
    events.sent('replies', 'sent', lines.length)
  }
  const flush = () => {
    for (const [edge, all] of waiting) send(edge, all)
    waiting.clear()
  }
  const add = (to: ReplyTo, record: ReplyRecord) => {
    // What one commit answers goes out together: the message to an edge is the unit of cost, not the answer.
    if (waiting.size === 0) setImmediate(flush)
    const line = JSON.stringify(record)
    let all = waiting.get(to.edge)
    // While storage is away one turn refuses everything that waits: more than one message takes.
    if (all && all.chars + line.length > MAX.repliesChars) {
      send(to.edge, all)
      all = undefined
    }
    all ??= { lines: [], chars: 0 }
    all.lines.push(line)
    all.chars += line.length
    waiting.set(to.edge, all)
  }
  return {
    ok: (to, result) => to && add(to, { r: to.request, ok: result }),
    no: (to, refusal) => to && add(to, { r: to.request, no: refusal }),
  }
}
