/**
 * channel    replies (core NATS)
 * comes      what became of the commands of this edge, one a line, from routers
 * goes       whoever waits for that request
 * guarantee  at most once; what does not come is a time-out
 * order      none
 * acked      never
 */
import type { Bus } from '@switchboard/bus/connect'
import { type Subscribed, subscribe } from '@switchboard/bus/core'
import type { ReplyRecord } from '@switchboard/contracts/records'

export const fromReplies = (bus: Bus, edge: string, resolve: (reply: ReplyRecord) => void): Subscribed =>
  subscribe(bus, bus.names.reply(edge), (message) => {
    for (const line of message.string().split('\n')) resolve(JSON.parse(line) as ReplyRecord)
  })
