import { WebSocket } from 'ws'

const HANDSHAKE_MS_MAX = 10_000
/** As the SDK returns: full jitter under a bound that doubles. */
const RETURN = { firstMs: 300, longestMs: 15_000 }
const STAY_AWAY = { from: 3_500, to: 3_999 }

interface Position {
  offset: number
  readonly epoch: string
}

interface Subscription {
  readonly offset?: number
  readonly epoch?: string
  readonly recovered?: boolean
  readonly was_recovering?: boolean
  readonly publications?: readonly { readonly offset?: number }[]
}

interface Frame {
  readonly id?: number
  readonly error?: { readonly code: number; readonly message: string }
  readonly connect?: { readonly subs?: Readonly<Record<string, Subscription>> }
  readonly push?: {
    readonly channel: string
    readonly pub?: { readonly offset?: number }
    readonly subscribe?: Subscription
    readonly unsubscribe?: object
  }
}

/** What a crowd counts, over all of its clients. */
export interface CrowdCounts {
  connects: number
  losses: number
  /** Told to stay away; they do. */
  sentAway: number
  /** Subscriptions that were given exactly what they had missed, something or nothing. */
  recovered: number
  /** Told to load anew. */
  reloaded: number
  publications: number
  /** Publications that were not the next one of their channel. */
  holes: number
  /** How long each return took, in milliseconds. */
  readonly awayMs: number[]
}

export interface CrowdClientOptions {
  readonly address: string
  readonly token: string
  readonly counts: CrowdCounts
  readonly random: () => number
  readonly onConnected: () => void
}

/** A WebSocket, JSON lines, a position for each channel, and nothing else: thousands of these fit into one process. */
export class CrowdClient {
  readonly #options: CrowdClientOptions
  readonly #positions = new Map<string, Position>()
  #socket: WebSocket | undefined
  #timer: NodeJS.Timeout | undefined
  #attempts = 0
  #lostAtMs: number | null = null
  #heardAtMs = 0
  #publishedAtMs: number | null = null
  #silenceMs = 0
  #isConnected = false
  #isEnded = false

  constructor(options: CrowdClientOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  open(): void {
    const socket = new WebSocket(this.#options.address, {
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS_MAX,
    })
    this.#socket = socket
    this.#heardAtMs = performance.now()
    socket.on('open', () => socket.send(this.#connectCommand()))
    socket.on('message', (data) => this.#message(String(data)))
    // `close` follows, and says all there is to do.
    socket.on('error', () => {})
    socket.on('close', (code) => this.#closed(code))
  }

  /** The longest time between two publications, also over a return; until now, if it goes on. */
  get silenceMs(): number {
    return Math.max(this.#silenceMs, this.#publishedAtMs === null ? 0 : performance.now() - this.#publishedAtMs)
  }

  /** Silence is measured anew. */
  listen(): void {
    this.#publishedAtMs = performance.now()
    this.#silenceMs = 0
  }

  /** Cuts a connection on which nothing was heard for so long: its other end is gone without a word. */
  cutIfSilent(msMax: number): void {
    if (this.#socket && performance.now() - this.#heardAtMs > msMax) this.#socket.terminate()
  }

  end(): void {
    this.#isEnded = true
    clearTimeout(this.#timer)
    this.#socket?.terminate()
  }

  #connectCommand(): string {
    const subs = Object.fromEntries([...this.#positions].map(([channel, at]) => [channel, { recover: true, ...at }]))
    return JSON.stringify({ id: 1, connect: { token: this.#options.token, subs } })
  }

  #closed(code: number): void {
    const { counts, random } = this.#options
    this.#socket = undefined
    if (this.#isConnected) counts.losses++
    if (this.#isConnected) this.#lostAtMs = performance.now()
    this.#isConnected = false
    if (this.#isEnded) return
    if (code >= STAY_AWAY.from && code <= STAY_AWAY.to) {
      counts.sentAway++
      return
    }
    const ms = random() * Math.min(RETURN.longestMs, RETURN.firstMs * 2 ** this.#attempts++)
    this.#timer = setTimeout(() => this.open(), ms)
  }

  #message(text: string): void {
    this.#heardAtMs = performance.now()
    for (const line of text.split('\n')) {
      if (line === '{}') this.#socket?.send('{}')
      else this.#frame(JSON.parse(line) as Frame)
    }
  }

  #frame({ id, error, connect, push }: Frame): void {
    if (id === 1 && error) this.#socket?.terminate()
    if (connect) this.#connected(connect.subs ?? {})
    if (!push) return
    if (push.pub) this.#publication(push.channel, push.pub.offset)
    else if (push.subscribe) this.#place(push.channel, push.subscribe)
    else if (push.unsubscribe) this.#positions.delete(push.channel)
  }

  #connected(subs: Readonly<Record<string, Subscription>>): void {
    const { counts, onConnected } = this.#options
    for (const [channel, sub] of Object.entries(subs)) this.#resume(channel, sub)
    for (const channel of this.#positions.keys()) if (!(channel in subs)) this.#positions.delete(channel)
    counts.connects++
    if (this.#lostAtMs !== null) counts.awayMs.push(performance.now() - this.#lostAtMs)
    this.#lostAtMs = null
    this.#attempts = 0
    this.#isConnected = true
    onConnected()
  }

  #resume(channel: string, sub: Subscription): void {
    const { counts } = this.#options
    const had = this.#positions.get(channel)
    if (had === undefined) {
      this.#place(channel, sub)
    } else if (sub.recovered === true) {
      counts.recovered++
      for (const { offset } of sub.publications ?? []) this.#publication(channel, offset)
      // The gap ends where the answer says that the channel stands.
      if (had.offset !== (sub.offset ?? 0)) counts.holes++
      this.#place(channel, sub)
    } else {
      counts.reloaded++
      this.#place(channel, sub)
    }
  }

  #place(channel: string, { offset = 0, epoch = '' }: Subscription): void {
    this.#positions.set(channel, { offset, epoch })
  }

  /** A signal has no offset. */
  #publication(channel: string, offset: number | undefined): void {
    const at = this.#positions.get(channel)
    if (offset === undefined || at === undefined) return
    this.#options.counts.publications++
    const now = performance.now()
    if (this.#publishedAtMs !== null) this.#silenceMs = Math.max(this.#silenceMs, now - this.#publishedAtMs)
    this.#publishedAtMs = now
    if (offset !== at.offset + 1) this.#options.counts.holes++
    at.offset = offset
  }
}
