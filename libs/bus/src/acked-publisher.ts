import type { Msg, MsgHdrs } from '@nats-io/nats-core'
import { isNoReply, type Replies } from './replies.ts'

/** What a stream said to a publish; `unknown`, it may or may not lie there. */
export type StreamWord =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

interface PubAck {
  readonly stream?: string
  readonly seq?: number
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string }
}

const encoder = new TextEncoder()

/**
 * Headers that are written as they are. @NOTE The library's own look at each letter of each name for each message. It asks headers
 * that go out for nothing but their bytes.
 */
class WrittenHeaders {
  readonly #lines: string

  /** @throws Error for a value of several lines: bugs of ours, as what users name is checked where it comes in. */
  constructor(fields: Readonly<Record<string, string>>) {
    let lines = 'NATS/1.0\r\n'
    for (const [name, value] of Object.entries(fields)) {
      if (value.includes('\n') || value.includes('\r')) throw new Error(`the header ${name} has several lines`)
      lines += `${name}: ${value}\r\n`
    }
    this.#lines = lines
  }

  encode(): Uint8Array {
    return encoder.encode(`${this.#lines}\r\n`)
  }
}

/** Publishes to streams and hears their word. */
export class AckedPublisher {
  readonly #replies: Replies

  constructor(replies: Replies) {
    this.#replies = replies
  }

  /** Resolves with the stream's word, or `unknown` when there was none in time; never rejects. @throws Error for a header of several lines. */
  publish(subject: string, payload: Uint8Array, fields: Readonly<Record<string, string>>): Promise<StreamWord> {
    const headers = new WrittenHeaders(fields) as unknown as MsgHdrs
    return this.#replies
      .ask(subject, payload, { headers })
      .then((reply) => (isNoReply(reply) ? unknown(reply) : wordOf(reply)))
  }
}

const unknown = ({ reason }: { readonly reason: string }): StreamWord => ({ kind: 'unknown', reason })

function wordOf(message: Msg): StreamWord {
  if (message.data.length === 0) return unknown({ reason: 'an empty answer' })
  const { seq, error } = message.json<PubAck>()
  if (error) return { kind: 'refused', code: error.err_code ?? 0, reason: error.description ?? `code ${error.code}` }
  return seq ? { kind: 'stored', seq } : unknown({ reason: 'an answer without a sequence' })
}
