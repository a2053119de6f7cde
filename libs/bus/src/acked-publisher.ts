import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/nats-core'

/** What a stream said to a publish; `unknown`, it may or may not lie there. */
export type StreamWord =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

interface Waiting {
  readonly resolve: (word: StreamWord) => void
  /** Of `performance.now`. */
  readonly untilMs: number
}

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

/** Nobody listens on the subject: no stream takes it. */
const NO_RESPONDERS = 503

/**
 * Publishes to streams and hears their word. @NOTE The library's own way makes a timer, four promises and an error with its stack
 * for each publish, whether it fails or not: a quarter of what a busy router did. Here one subscription hears all answers, and as
 * all wait equally long, one timer watches the oldest.
 */
export class AckedPublisher {
  readonly #nc: NatsConnection
  readonly #msMax: number
  readonly #inbox = `${createInbox()}.`
  /** In the order of their deadlines. */
  readonly #waiting = new Map<string, Waiting>()
  #published = 0
  #isSubscribed = false
  #timer: NodeJS.Timeout | undefined

  constructor(nc: NatsConnection, { msMax }: { readonly msMax: number }) {
    this.#nc = nc
    this.#msMax = msMax
  }

  /** Resolves with the stream's word, or `unknown` when there was none in time; never rejects. @throws Error for a header of several lines. */
  publish(subject: string, payload: Uint8Array, fields: Readonly<Record<string, string>>): Promise<StreamWord> {
    const headers = new WrittenHeaders(fields) as unknown as MsgHdrs
    this.#subscribe()
    this.#published += 1
    const token = this.#published.toString(36)
    try {
      this.#nc.publish(subject, payload, { headers, reply: `${this.#inbox}${token}` })
    } catch (error) {
      // Closed, draining, or larger than a message may be: it did not go out, and that is all that is known of those before it.
      return Promise.resolve({ kind: 'unknown', reason: String(error) })
    }
    return new Promise((resolve) => {
      this.#waiting.set(token, { resolve, untilMs: performance.now() + this.#msMax })
      this.#timer ??= setTimeout(this.#giveUp, this.#msMax)
    })
  }

  /** Once, with the first publish: most services never publish so. */
  #subscribe(): void {
    if (this.#isSubscribed || this.#nc.isClosed()) return
    this.#isSubscribed = true
    this.#nc.subscribe(`${this.#inbox}*`, { callback: (_error, message) => this.#hear(message) })
    void this.#nc.closed().then(() => this.#end())
  }

  #hear(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length)
    const waiting = this.#waiting.get(token)
    // Without one it was given up before.
    if (!waiting) return
    this.#waiting.delete(token)
    waiting.resolve(wordOf(message))
  }

  readonly #giveUp = (): void => {
    this.#timer = undefined
    const nowMs = performance.now()
    for (const [token, { resolve, untilMs }] of this.#waiting) {
      if (untilMs > nowMs) {
        this.#timer = setTimeout(this.#giveUp, untilMs - nowMs)
        return
      }
      this.#waiting.delete(token)
      resolve({ kind: 'unknown', reason: `no answer in ${this.#msMax} ms` })
    }
  }

  #end(): void {
    clearTimeout(this.#timer)
    for (const { resolve } of this.#waiting.values()) resolve({ kind: 'unknown', reason: 'the connection was closed' })
    this.#waiting.clear()
  }
}

function wordOf(message: Msg): StreamWord {
  if (message.data.length === 0) {
    const isUnheard = message.headers?.code === NO_RESPONDERS
    return { kind: 'unknown', reason: isUnheard ? 'no stream takes it' : 'an empty answer' }
  }
  const { seq, error } = message.json<PubAck>()
  if (error) return { kind: 'refused', code: error.err_code ?? 0, reason: error.description ?? `code ${error.code}` }
  return seq ? { kind: 'stored', seq } : { kind: 'unknown', reason: 'an answer without a sequence' }
}
