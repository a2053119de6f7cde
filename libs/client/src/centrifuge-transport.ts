import { ERRORS } from '@switchboard/contracts/errors'
import type { MethodName, Params, Result } from '@switchboard/contracts/methods'
import { Centrifuge, type StreamPosition, UnauthorizedError } from 'centrifuge'
import { Emitter } from './emitter.ts'
import { fromProtocol, SwitchboardError } from './failure.ts'
import { type Connection, NO_CODE, type Subscribed, type Transport, type TransportEvents } from './transport.ts'

export interface CentrifugeOptions {
  /** WebSocket address of the edge. */
  readonly endpoint: string
  readonly token?: string
  /** Asked for a token when there is none or it ran out. A `SwitchboardError` that may not be retried ends the connection. */
  readonly getToken?: () => Promise<string>
  /** For runtimes that have no WebSocket of their own. */
  readonly websocket?: unknown
  readonly reconnectMsMin?: number
  readonly reconnectMsMax?: number
}

const RECONNECT_MS_MIN = 300
const RECONNECT_MS_MAX = 15_000
/** The edge answers within its own five seconds; the rest is for the way. */
const ANSWER_MS_MAX = 8_000

interface SubscribedContext {
  readonly channel: string
  readonly wasRecovering: boolean
  readonly recovered: boolean
  readonly streamPosition?: StreamPosition
}

const subscribedOf = (context: SubscribedContext): Subscribed => ({
  channel: context.channel,
  offset: context.streamPosition?.offset ?? 0,
  epoch: context.streamPosition?.epoch ?? '',
  wasRecovering: context.wasRecovering,
  recovered: context.recovered,
})

/** The npm package `centrifuge` behind our interface: reconnects with full jitter, recovers positions, refreshes tokens. */
export class CentrifugeTransport extends Emitter<TransportEvents> implements Transport {
  readonly #client: Centrifuge
  readonly #watched = new Set<string>()
  #connection: Connection = { state: 'disconnected', code: NO_CODE, reason: 'not started' }

  constructor(options: CentrifugeOptions) {
    super()
    const { getToken } = options
    this.#client = new Centrifuge(options.endpoint, {
      name: 'switchboard',
      timeout: ANSWER_MS_MAX,
      minReconnectDelay: options.reconnectMsMin ?? RECONNECT_MS_MIN,
      maxReconnectDelay: options.reconnectMsMax ?? RECONNECT_MS_MAX,
      ...(options.token === undefined ? {} : { token: options.token }),
      ...(getToken === undefined ? {} : { getToken: () => getToken().catch(unauthorizedIfFinal) }),
      ...(options.websocket === undefined ? {} : { websocket: options.websocket }),
    })
    this.#listen()
  }

  get connection(): Connection {
    return this.#connection
  }

  connect(): void {
    this.#client.connect()
  }

  disconnect(): void {
    this.#client.disconnect()
  }

  async rpc<Name extends MethodName>(method: Name, params: Params<Name>): Promise<Result<Name>> {
    try {
      return (await this.#client.rpc(method, params)).data as Result<Name>
    } catch (error) {
      throw fromProtocol(error)
    }
  }

  watch(channel: string): void {
    if (this.#watched.has(channel)) return
    this.#watched.add(channel)
    const subscription = this.#client.newSubscription(channel)
    subscription.on('subscribed', (context) => this.emit('subscribed', subscribedOf(context)))
    subscription.on('publication', ({ data, offset }) =>
      this.emit('publication', offset === undefined ? { channel, data } : { channel, data, offset }),
    )
    subscription.on('unsubscribed', ({ code }) => {
      this.#forget(channel)
      // When the server has subscribed it by itself meanwhile, its own pushes go on without this one.
      if (code !== ERRORS.already_subscribed.number) this.emit('unsubscribed', { channel })
    })
    subscription.subscribe()
  }

  unwatch(channel: string): void {
    this.#forget(channel)
  }

  #forget(channel: string): void {
    if (!this.#watched.delete(channel)) return
    const subscription = this.#client.getSubscription(channel)
    if (!subscription) return
    subscription.removeAllListeners()
    this.#client.removeSubscription(subscription)
  }

  #listen(): void {
    const client = this.#client
    client.on('connecting', ({ code, reason }) => this.#enter({ state: 'connecting', code, reason }))
    client.on('disconnected', ({ code, reason }) => this.#enter({ state: 'disconnected', code, reason }))
    client.on('connected', () => this.#enter({ state: 'connected', code: NO_CODE, reason: '' }))
    client.on('subscribed', (context) => this.emit('subscribed', subscribedOf(context)))
    client.on('unsubscribed', ({ channel }) => this.emit('unsubscribed', { channel }))
    client.on('publication', ({ channel, data, offset }) =>
      this.emit('publication', offset === undefined ? { channel, data } : { channel, data, offset }),
    )
  }

  #enter(connection: Connection): void {
    this.#connection = connection
    this.emit('connection', connection)
  }
}

/** The SDK gives up only on its own class; everything else it tries again with back-off. */
function unauthorizedIfFinal(error: unknown): never {
  if (error instanceof SwitchboardError && !error.retry) throw new UnauthorizedError(error.message)
  throw error
}
