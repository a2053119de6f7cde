import { within } from '@switchboard/runtime/deadline'
import { WebSocket } from 'ws'
import { WAIT_MS } from './edge-fixture.ts'

export interface Sub {
  offset: number
  epoch: string
  recovered?: boolean
  was_recovering?: boolean
  publications?: { offset: number; data: { type: string; text?: string } }[]
}

export interface Frame {
  id?: number
  error?: { code: number; message: string; temporary?: boolean }
  connect?: { client: string; subs: Record<string, Sub>; ttl: number; ping: number; pong: boolean; expires: boolean }
  subscribe?: Sub
  refresh?: { ttl: number; expires: boolean }
  rpc?: { data: Record<string, unknown> }
  history?: { publications?: Sub['publications']; offset: number; epoch: string }
  push?: {
    channel: string
    pub?: { offset?: number; data: { type: string; text?: string; [field: string]: unknown } }
    subscribe?: Sub
    unsubscribe?: { code: number; reason: string }
  }
  [other: string]: unknown
}

/** A WebSocket and JSON lines: what goes over the wire is seen as it is. */
export class RawClient implements Disposable {
  readonly frames: Frame[] = []
  readonly socket: WebSocket
  answersPings = true
  pings = 0
  closed: { code: number; reason: string } | undefined
  readonly #waiting = new Set<() => void>()
  #id = 0

  constructor(url: string, options: { origin?: string } = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`, options)
    this.socket.on('message', (data) => {
      for (const line of String(data).split('\n')) this.#take(JSON.parse(line))
      this.#wake()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
      this.#wake()
    })
  }

  /** Connects with a token, from the positions given. */
  static async connected(url: string, token: string, subs?: Record<string, object>): Promise<RawClient> {
    const client = new RawClient(url)
    const reply = await client.call({ connect: { token, ...(subs ? { subs } : {}) } })
    if (!reply.connect) throw new Error(`not connected: ${JSON.stringify(reply)}`)
    return client
  }

  async open(): Promise<void> {
    if (this.socket.readyState === WebSocket.OPEN) return
    await within(WAIT_MS, new Promise((resolve) => this.socket.once('open', resolve)), 'opening')
  }

  async send(text: string | Buffer): Promise<void> {
    await this.open()
    this.socket.send(text, { binary: false })
  }

  /** Sends one command and waits for its reply. */
  async call(command: object): Promise<Frame> {
    this.#id += 1
    const id = this.#id
    await this.send(JSON.stringify({ id, ...command }))
    return this.until(`the reply to ${JSON.stringify(command).slice(0, 200)}`, () =>
      this.frames.find((frame) => frame.id === id),
    )
  }

  rpc(method: string, data?: unknown): Promise<Frame> {
    return this.call({ rpc: { method, data } })
  }

  async until<T>(what: string, find: () => T | undefined | false): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    const look = () => {
      const found = find()
      if (found !== undefined && found !== false) resolve(found)
    }
    this.#waiting.add(look)
    look()
    try {
      return await within(WAIT_MS, promise, what)
    } finally {
      this.#waiting.delete(look)
    }
  }

  ended(): Promise<{ code: number; reason: string }> {
    return this.until('the end', () => this.closed)
  }

  /** Offsets of the publications that came as pushes of a channel. */
  offsets(channel: string): number[] {
    return this.frames.flatMap(({ push }) => (push?.channel === channel && push.pub?.offset ? [push.pub.offset] : []))
  }

  pushes(channel: string): NonNullable<Frame['push']>[] {
    return this.frames.flatMap(({ push }) => (push?.channel === channel ? [push] : []))
  }

  [Symbol.dispose](): void {
    this.socket.terminate()
  }

  #take(frame: Frame): void {
    if (Object.keys(frame).length > 0) {
      this.frames.push(frame)
      return
    }
    this.pings += 1
    if (this.answersPings) this.socket.send('{}')
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }
}
