import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/nats-core'

/** Why there is no answer: what was asked may have been done or not. */
export interface NoReply {
  readonly kind: 'none'
  readonly reason: string
}

interface Question {
  readonly headers?: MsgHdrs
  /** For an answer of several messages, of which the last has a status: those before it are put in here. */
  readonly parts?: Msg[]
}

interface Waiting {
  readonly resolve: (reply: Msg | NoReply) => void
  readonly parts: Msg[] | undefined
  /** Of `performance.now`. */
  readonly untilMs: number
}

/** Nobody listens on the subject. */
const NO_RESPONDERS = 503

export const isNoReply = (reply: Msg | NoReply): reply is NoReply => 'kind' in reply

const none = (reason: string): NoReply => ({ kind: 'none', reason })

/**
 * Asks, and hears the answers. @NOTE The library's own way makes a timer, four promises and an error with its stack for each request,
 * whether it fails or not: a quarter of what a busy router did, a sixth of a notifier. Here one subscription hears all answers, and as
 * all wait equally long, one timer watches the oldest.
 */
export class Replies {
  readonly #nc: NatsConnection
  readonly #msMax: number
  readonly #inbox = `${createInbox()}.`
  /** In the order of their deadlines. */
  readonly #waiting = new Map<string, Waiting>()
  #asked = 0
  #isSubscribed = false
  #timer: NodeJS.Timeout | undefined

  constructor(nc: NatsConnection, { msMax }: { readonly msMax: number }) {
    this.#nc = nc
    this.#msMax = msMax
  }

  /** Resolves with the answer, the last message of it where it has `parts`, or with why there is none; never rejects. */
  ask(subject: string, payload: Uint8Array, { headers, parts }: Question = {}): Promise<Msg | NoReply> {
    this.#subscribe()
    this.#asked += 1
    const token = this.#asked.toString(36)
    try {
      const reply = `${this.#inbox}${token}`
      this.#nc.publish(subject, payload, headers ? { headers, reply } : { reply })
    } catch (error) {
      // Closed, draining, or larger than a message may be: it did not go out, and that is all that is known of those before it.
      return Promise.resolve(none(String(error)))
    }
    return new Promise((resolve) => {
      this.#waiting.set(token, { resolve, parts, untilMs: performance.now() + this.#msMax })
      this.#timer ??= setTimeout(this.#giveUp, this.#msMax)
    })
  }

  /** Once, with the first question: many services never ask so. */
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
    if (waiting.parts && !message.headers?.code) {
      waiting.parts.push(message)
      return
    }
    this.#waiting.delete(token)
    const isUnheard = message.data.length === 0 && message.headers?.code === NO_RESPONDERS
    waiting.resolve(isUnheard ? none('nobody takes it') : message)
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
      resolve(none(`no answer in ${this.#msMax} ms`))
    }
  }

  #end(): void {
    clearTimeout(this.#timer)
    for (const { resolve } of this.#waiting.values()) resolve(none('the connection was closed'))
    this.#waiting.clear()
  }
}
