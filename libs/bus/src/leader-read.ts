import { JetStreamApiCodes, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream'
import { headers, type MsgHdrs } from '@nats-io/nats-core'
import { MsgHdrsImpl } from '@nats-io/nats-core/internal'
import { DeadlineError } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { decodeJson, encodeJson } from './core.ts'
import { isNoReply } from './replies.ts'

/** A record as a stream holds it. */
export type StoredRecord = Pick<StoredMsg, 'subject' | 'seq' | 'data' | 'header'>

/** `STREAM.MSG.GET`: either the last of a subject, or the first from a sequence on whose subject matches. */
type Wanted = { readonly last_by_subj: string } | { readonly seq: number; readonly next_by_subj: string }

/** Headers and data are in base64. */
interface Answer {
  readonly message?: { readonly subject: string; readonly seq: number; readonly hdrs?: string; readonly data?: string }
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string }
}

/**
 * One record from the stream's leader: what was acknowledged to anybody before is seen. @NOTE Not as the library reads, which makes
 * errors where there is nothing to fail: each push asks for a mark, and most people have left none.
 */
async function read(bus: Bus, stream: string, wanted: Wanted): Promise<StoredRecord | null> {
  const reply = await bus.replies.ask(`$JS.API.STREAM.MSG.GET.${stream}`, encodeJson(wanted))
  if (isNoReply(reply)) throw new DeadlineError(`reading ${stream}: ${reply.reason}`)
  const { message, error } = decodeJson<Answer>(reply.data)
  if (error?.err_code === JetStreamApiCodes.NoMessageFound) return null
  if (error) throw new JetStreamApiError(error)
  if (!message) throw new DeadlineError(`reading ${stream}: an answer without a message`)
  const { subject, seq, hdrs, data = '' } = message
  return { subject, seq, data: Buffer.from(data, 'base64'), header: headersOf(hdrs) }
}

const headersOf = (hdrs: string | undefined): MsgHdrs =>
  hdrs === undefined ? headers() : MsgHdrsImpl.decode(Buffer.from(hdrs, 'base64'))

/** The last record of a subject, from the stream's leader. Null if there is none. @throws when NATS is away. */
export const lastMessage = (bus: Bus, stream: string, subject: string): Promise<StoredRecord | null> =>
  read(bus, stream, { last_by_subj: subject })

/** The first record from a sequence on whose subject matches, from the stream's leader. Null if there is none. @throws when NATS is away. */
export const nextMessage = (
  bus: Bus,
  stream: string,
  { seq, subject }: { seq: number; subject: string },
): Promise<StoredRecord | null> => read(bus, stream, { seq, next_by_subj: subject })
