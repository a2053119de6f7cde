import { DirectMsgHeaders } from '@nats-io/jetstream'
import type { Msg } from '@nats-io/nats-core'
import { DeadlineError } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { encodeJson } from './core.ts'
import type { StoredRecord } from './leader-read.ts'
import { isNoReply } from './replies.ts'

/** What a batched read of `DIRECT.GET` is for: the last of each subject, or what matches from a sequence on. */
type Wanted =
  | { readonly multi_last: readonly string[] }
  | { readonly seq: number; readonly next_by_subj: string; readonly batch: number; readonly max_bytes: number }

const END_OF_BATCH = 204
const NOT_FOUND = 404

const subjectOf = (stream: string): string => `$JS.API.DIRECT.GET.${stream}`
const statusOf = ({ headers }: Msg): number => headers?.code ?? 0

/** @throws DeadlineError for an answer without a record's headers. */
function toRecord({ headers, data }: Msg): StoredRecord {
  if (!headers) throw new DeadlineError('reading a stream: an answer that is no record')
  // The last of each: the server adds its own behind those of the record.
  const [subject, seq] = [headers.last(DirectMsgHeaders.Subject), headers.last(DirectMsgHeaders.Sequence)]
  return { subject, seq: Number(seq), data, header: headers }
}

const refused = (stream: string, last: Msg): DeadlineError =>
  new DeadlineError(`reading ${stream}: ${statusOf(last)} ${last.headers?.description ?? ''}`)

/**
 * All that a batched read gives, in one question; nothing where nothing matched. Any replica answers: what it says can be old.
 * @throws when NATS is away. @NOTE Not as the library reads, which subscribes anew for each: that and its end were two writes more, and
 * a fifth of what a router does in a system in which nothing happens.
 */
export async function readBatch(bus: Bus, stream: string, wanted: Wanted): Promise<StoredRecord[]> {
  const parts: Msg[] = []
  const last = await bus.replies.ask(subjectOf(stream), encodeJson(wanted), { parts })
  if (isNoReply(last)) throw new DeadlineError(`reading ${stream}: ${last.reason}`)
  const status = statusOf(last)
  if (status !== END_OF_BATCH && status !== NOT_FOUND) throw refused(stream, last)
  return parts.map(toRecord)
}

/** The record with this sequence, from any replica; null where it has none. @throws when NATS is away. */
export async function readRecord(bus: Bus, stream: string, seq: number): Promise<StoredRecord | null> {
  const reply = await bus.replies.ask(subjectOf(stream), encodeJson({ seq }))
  if (isNoReply(reply)) throw new DeadlineError(`reading ${stream}: ${reply.reason}`)
  const status = statusOf(reply)
  if (status === NOT_FOUND) return null
  if (status !== 0) throw refused(stream, reply)
  return toRecord(reply)
}
