import { setTimeout as sleep } from 'node:timers/promises'
import { within } from '@switchboard/runtime/deadline'

const ANSWER_MS_MAX = 60_000
const TRIES_MAX = 20
const RETRY_MS = 500

interface Reply {
  readonly id?: number
  readonly error?: { readonly message: string; readonly temporary?: boolean }
  readonly rpc?: { readonly data: unknown }
}

/** Somebody who prepares the work: one connection, calls and answers. */
export class Caller implements Disposable {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  readonly #closed: Promise<never>
  #id = 0

  constructor(url: string) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`)
    this.#socket.addEventListener('message', ({ data }) => {
      for (const line of String(data).split('\n')) {
        if (line === '{}') this.#socket.send('{}')
        const reply = JSON.parse(line) as Reply
        if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply)
      }
    })
    this.#closed = new Promise((_, reject) => {
      this.#socket.addEventListener('close', ({ code }) => reject(new Error(`the connection ended with ${code}`)))
    })
    // Only who waits for an answer minds.
    this.#closed.catch(() => {})
  }

  static async connected(url: string, token: string): Promise<Caller> {
    const caller = new Caller(url)
    await within(
      ANSWER_MS_MAX,
      new Promise((resolve, reject) => {
        caller.#socket.addEventListener('open', resolve)
        caller.#socket.addEventListener('error', () => reject(new Error(`nobody listens at ${url}`)))
      }),
      'connecting',
    )
    await caller.#patiently({ connect: { token } })
    return caller
  }

  /** Tried again where that may help: what changes something carries a cid. @throws the refusal. */
  async rpc<T>(method: string, data: object): Promise<T> {
    return (await this.#patiently({ rpc: { method, data } })).rpc?.data as T
  }

  async #patiently(command: object): Promise<Reply> {
    for (let tries = 1; ; tries += 1) {
      const reply = await this.#call(command)
      if (!reply.error) return reply
      if (!reply.error.temporary || tries === TRIES_MAX)
        throw new Error(`${JSON.stringify(command).slice(0, 100)}: ${JSON.stringify(reply.error)}`)
      await sleep(RETRY_MS)
    }
  }

  async #call(command: object): Promise<Reply> {
    this.#id += 1
    const id = this.#id
    const answered = new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve)
    })
    this.#socket.send(JSON.stringify({ id, ...command }))
    const reply = await within(
      ANSWER_MS_MAX,
      Promise.race([answered, this.#closed]),
      JSON.stringify(command).slice(0, 100),
    )
    this.#waiting.delete(id)
    return reply
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}
