import type { MsgHdrs } from '@nats-io/nats-core'
import { type EntryInput, type EntryRange, HEADER, parseInput, parseRange } from '@switchboard/contracts/entry'

/** One entry of the log as it lies in its stream. */
export interface LogEntry {
  readonly subject: string
  /** Sequence in the physical stream: what the next publish to this subject must expect. */
  readonly logSeq: number
  readonly range: EntryRange
  readonly input: EntryInput
  /** Users whose membership ended with it. */
  readonly gone: readonly string[]
  readonly messageId: string
  readonly payload: Uint8Array
}

/** @throws when the headers are not of ours: poison. */
export function parseEntry(message: {
  subject: string
  seq: number
  data: Uint8Array
  headers: MsgHdrs | undefined
}): LogEntry {
  const { subject, seq, data, headers } = message
  if (!headers) throw new Error('a log entry without headers')
  const gone = headers.get(HEADER.gone)
  return {
    subject,
    logSeq: seq,
    range: parseRange(headers.get(HEADER.entry)),
    input: parseInput(headers.get(HEADER.input)),
    gone: gone === '' ? [] : gone.split(','),
    messageId: headers.get('Nats-Msg-Id'),
    payload: data,
  }
}
