/**
 * channel    log (the stream's republish, core NATS)
 * comes      entries of rooms and people that somebody here follows, as the router wrote them
 * goes       the feed of that room or person
 * guarantee  may be lost or doubled; feeds mend themselves from the stream
 * order      per entity
 * acked      never
 */
import type { Bus } from '@switchboard/bus/connect'
import { flush, type Msg, subscribe } from '@switchboard/bus/core'
import { readBack, readHead, readHeads, readTail } from '@switchboard/bus/log'
import { parseEntry } from '@switchboard/bus/log-entry'
import { incarnationOf } from '@switchboard/bus/streams'
import { traceOf } from '@switchboard/bus/trace'
import { HEADER } from '@switchboard/contracts/entry'
import { partitionOf, streamOf } from '@switchboard/contracts/partition'
import { entityOf } from '@switchboard/contracts/subjects'
import { within } from '@switchboard/runtime/deadline'
import type { EdgeEvents } from './events.ts'
import type { BackSource, Ear, LogSource } from './log-source.ts'

/** A flush waits for NATS as long as it is away; whoever connects meanwhile is told to try again. */
const SETTLE_MS_MAX = 3_000

/** The channel that clients know it by. */
function channelOf(subject: string): string {
  const { kind, id } = entityOf(subject)
  return `${kind}:${id}`
}

export function fromLog(
  bus: Bus,
  events: EdgeEvents,
  fromSignal: (message: Msg, ear: Ear) => void,
): LogSource & BackSource {
  const epochs = new Map<string, Promise<string>>()
  // A stream that was made anew while NATS was away has another epoch.
  bus.onReconnect(() => epochs.clear())
  const hear = (message: Msg, ear: Ear) => {
    const { subject, data, headers } = message
    if (!headers?.has(HEADER.entry)) return fromSignal(message, ear)
    try {
      const entry = parseEntry({ subject, data, headers, seq: Number(headers.get(HEADER.logSeq)) })
      const span = bus.tracing?.begin('edge.fanout', { cause: traceOf(headers) })
      span?.note({ channel: channelOf(subject), first: entry.range.first, sockets: ear.sockets })
      ear.take(entry)
      span?.end()
      events.entry('done')
    } catch (error) {
      events.entry('poison')
      events.poison(subject, error)
    }
  }
  return {
    listen: (kind, id, ear) => subscribe(bus, bus.names.live(kind, id), (message) => hear(message, ear)),
    settled: () => within(SETTLE_MS_MAX, flush(bus), 'settling subscriptions'),
    head: (kind, id) => readHead(bus, kind, id),
    heads: (kind, ids) => readHeads(bus, kind, ids),
    tail: (entity, after, upTo) => readTail(bus, entity, { after, upTo }),
    back: (at, after, most) => readBack(bus, at, { logSeq: at.logSeq, after, most }),
    epoch: (_kind, id) => {
      const stream = bus.names.logStream(streamOf(partitionOf(id)))
      const known = epochs.get(stream) ?? incarnationOf(bus, stream)
      epochs.set(stream, known)
      known.catch(() => epochs.delete(stream))
      return known
    },
  }
}
