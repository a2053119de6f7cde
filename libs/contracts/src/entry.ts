/**
 * A log entry: the bytes that clients receive, written once by the router. One line per event, each a whole push of the
 * Centrifuge JSON protocol, so an edge forwards the payload unread; what services need to know stands in headers.
 */
import type { AnyEvent, Signal } from './events.ts'

export const HEADER = {
  /** `first last n epoch`, of the entry's events. */
  entry: 'Sb-Entry',
  /** `incarnation input floor`: of the commands stream, the last input applied to this entity, and the partition's floor. */
  input: 'Sb-Input',
  /** Users whose membership ends with this entry, separated by commas: edges drop their subscriptions. */
  gone: 'Sb-Gone',
  /** The router that wrote it, for people. */
  owner: 'Sb-Owner',
  /** What NATS itself adds to a republished entry: its sequence in the stream. */
  logSeq: 'Nats-Sequence',
} as const

/** What stands in `Sb-Entry`. `n` is the number of messages up to `last`; `epoch` changes only when acknowledged events may have been lost. */
export interface EntryRange {
  readonly first: number
  readonly last: number
  readonly n: number
  readonly epoch: string
}

/** What stands in `Sb-Input`. Stream sequences; `incarnation` tells a re-created commands stream from the one before. */
export interface EntryInput {
  readonly incarnation: string
  readonly input: number
  readonly floor: number
}

export const formatRange = (r: EntryRange): string => `${r.first} ${r.last} ${r.n} ${r.epoch}`
export const formatInput = (i: EntryInput): string => `${i.incarnation} ${i.input} ${i.floor}`

/** @throws when the header is not of ours: the record is poison, and its reader sends it to `dead`. */
export function parseRange(header: string): EntryRange {
  const [first, last, n, epoch] = header.split(' ')
  const range = { first: Number(first), last: Number(last), n: Number(n), epoch: epoch ?? '' }
  if (!(range.first >= 1 && range.last >= range.first && range.n >= 0) || range.epoch === '') {
    throw new Error(`not an entry range: ${JSON.stringify(header)}`)
  }
  return range
}

/** @throws when the header is not of ours. */
export function parseInput(header: string): EntryInput {
  const [incarnation, input, floor] = header.split(' ')
  const parsed = { incarnation: incarnation ?? '', input: Number(input), floor: Number(floor) }
  if (parsed.incarnation === '' || !(parsed.input >= 0 && parsed.floor >= 0)) {
    throw new Error(`not an entry input: ${JSON.stringify(header)}`)
  }
  return parsed
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const NEWLINE = 10

/** One event as the line that clients receive. JSON.stringify leaves no newline inside. */
export const eventLine = (channel: string, event: AnyEvent): string =>
  `{"push":{"channel":"${channel}","pub":{"data":${JSON.stringify(event)},"offset":${event.seq}}}}`

/** One signal: the same without an offset, so that no client moves its position by it. */
export const signalLine = (channel: string, signal: Signal): string =>
  `{"push":{"channel":"${channel}","pub":{"data":${JSON.stringify(signal)}}}}`

export const encodeEntry = (channel: string, events: readonly AnyEvent[]): Uint8Array =>
  encoder.encode(events.map((event) => eventLine(channel, event)).join('\n'))

/** The lines of an entry, as views into its bytes. */
export function splitLines(payload: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  let start = 0
  for (let end = payload.indexOf(NEWLINE); end !== -1; end = payload.indexOf(NEWLINE, start)) {
    lines.push(payload.subarray(start, end))
    start = end + 1
  }
  lines.push(payload.subarray(start))
  return lines
}

/** `{"data":…,"offset":…}` out of a line, by position alone: the bytes of a recovered publication. */
export function publicationOf(channel: string, line: Uint8Array): Uint8Array {
  const prefix = '{"push":{"channel":"","pub":'.length + encoder.encode(channel).length
  return line.subarray(prefix, line.length - 2)
}

/** The JSON of `data` out of the line of an event, by position alone. */
export function eventDataOf(channel: string, line: Uint8Array, seq: number): Uint8Array {
  const prefix = '{"push":{"channel":"","pub":{"data":'.length + encoder.encode(channel).length
  return line.subarray(prefix, line.length - `,"offset":${seq}}}}`.length)
}

/** The same out of the line of a signal, which has no offset. */
export function signalDataOf(channel: string, line: Uint8Array): Uint8Array {
  const prefix = '{"push":{"channel":"","pub":{"data":'.length + encoder.encode(channel).length
  return line.subarray(prefix, line.length - '}}}'.length)
}

/** The events of an entry, parsed: for storage and the notifier, never on the way to a client. @throws on what is not JSON of ours. */
export function decodeEntry(payload: Uint8Array): AnyEvent[] {
  return splitLines(payload).map((line) => {
    const push = JSON.parse(decoder.decode(line)) as { push: { pub: { data: AnyEvent } } }
    return push.push.pub.data
  })
}
