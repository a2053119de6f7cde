import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { within } from '@switchboard/runtime/deadline'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { Centrifuge, type PublicationContext } from 'centrifuge'
import { newSigningKey } from '../../tools/system/key.ts'
import { type System, type SystemOptions, startSystem } from '../../tools/system/system.ts'

export const WAIT_MS = 60_000
const PASSWORD = 'switchboard'

/** One event as a client sees it. */
export interface Seen {
  readonly offset: number
  readonly type: string
  readonly seq: number
  readonly from: string
  readonly text?: string
}

export interface FlowSystem extends AsyncDisposable {
  readonly servers: Servers
  readonly url: string
  readonly options: SystemOptions
  readonly system: System
  /** Stops all services, kills both servers, and starts everything again on the same data. Only with servers of its own. */
  restart(): Promise<void>
}

/** Four services as processes of their own, on real servers, with a namespace and a database of their own. */
export async function flowSystem(more: Partial<SystemOptions> & { own?: boolean } = {}): Promise<FlowSystem> {
  const { own = false, ...overrides } = more
  await using stack = new AsyncDisposableStack()
  const logDir = await mkdtemp(join(tmpdir(), 'switchboard-flow-'))
  stack.defer(() => rm(logDir, { recursive: true, force: true }))
  const servers = stack.use(await startServers({ own }))
  const name = randomUUID().slice(0, 8)
  const options: SystemOptions = {
    natsUrl: servers.natsUrl,
    mongoUrl: servers.mongoUrl,
    namespace: `f${name}`,
    database: `flow_${name}`,
    jwtPrivateKey: newSigningKey(),
    logDir,
    ...overrides,
  }
  let system = await startSystem(options)
  const url = system.url
  stack.defer(() => system[Symbol.asyncDispose]())
  const owned = stack.move()
  return {
    servers,
    url,
    options,
    get system() {
      return system
    },
    restart: async () => {
      await system[Symbol.asyncDispose]()
      await Promise.all([servers.stopNats(), servers.stopMongo()])
      await Promise.all([servers.startNats(), servers.startMongo()])
      system = await startSystem({ ...options, port: Number(new URL(url).port) })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A request to the HTTP API; the body of the answer with its status. */
export async function api(
  url: string,
  request: { method?: string; path: string; token?: string; body?: unknown; headers?: Record<string, string> },
) {
  const { method = 'GET', path, token, body, headers } = request
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(WAIT_MS),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

/** Makes the account if need be, and logs in. */
export async function logIn(url: string, user: string): Promise<string> {
  await api(url, { method: 'POST', path: '/v1/accounts', body: { user, password: PASSWORD } })
  const { status, body } = await api(url, { method: 'POST', path: '/v1/login', body: { user, password: PASSWORD } })
  if (status !== 200) throw new Error(`${user} could not log in: ${status} ${JSON.stringify(body)}`)
  return body.token
}

/** Somebody with an off-the-shelf Centrifuge client, who writes down what they see. */
export class Person implements Disposable {
  readonly client: Centrifuge
  readonly seen = new Map<string, Seen[]>()
  readonly #whole = new Map<string, { type: string; [field: string]: unknown }[]>()
  readonly signals: { channel: string; type: string; [field: string]: unknown }[] = []
  readonly subscribed: { channel: string; recovered: boolean; wasRecovering: boolean }[] = []
  readonly #waiting = new Set<() => void>()

  constructor(url: string, token: string, make: (endpoint: string, token: string) => Centrifuge = plainClient) {
    this.client = make(`${url.replace('http', 'ws')}/connection/websocket`, token)
    this.client.on('publication', (context) => this.note(context))
    this.client.on('subscribed', ({ channel, recovered, wasRecovering }) => {
      this.subscribed.push({ channel, recovered, wasRecovering })
      this.#wake()
    })
  }

  async connect(): Promise<this> {
    this.client.connect()
    await this.client.ready(WAIT_MS)
    return this
  }

  async rpc<T = Record<string, never>>(method: string, data: object): Promise<T> {
    return (await this.client.rpc(method, data)).data as T
  }

  /** Resolves when `condition` holds; looked at after everything that this client receives. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => condition() && resolve()
    this.#waiting.add(look)
    look()
    try {
      await within(WAIT_MS, promise, what)
    } finally {
      this.#waiting.delete(look)
    }
  }

  events(channel: string): readonly Seen[] {
    return this.seen.get(channel) ?? []
  }

  /** The same with every field. */
  all(channel: string): readonly { type: string; [field: string]: unknown }[] {
    return this.#whole.get(channel) ?? []
  }

  messages(channel: string): readonly Seen[] {
    return this.events(channel).filter(({ type }) => type === 'message')
  }

  [Symbol.dispose](): void {
    this.client.disconnect()
  }

  /** Also for publications of subscriptions that a test makes itself. */
  note({ channel, data, offset }: PublicationContext): void {
    if (offset === undefined) this.signals.push({ channel, ...data })
    else {
      this.#whole.set(channel, [...this.all(channel), data])
      const list = this.seen.get(channel) ?? []
      this.seen.set(channel, list)
      list.push({
        offset,
        type: data.type,
        seq: data.seq,
        from: data.from,
        ...(data.text === undefined ? {} : { text: data.text }),
      })
    }
    this.#wake()
  }

  #wake(): void {
    for (const look of this.#waiting) look()
  }
}

const plainClient = (endpoint: string, token: string): Centrifuge =>
  new Centrifuge(endpoint, { token, websocket: WebSocket })

/** All events of a room over HTTP, page by page. */
export async function historyOf(url: string, token: string, room: string): Promise<Seen[]> {
  const events: Seen[] = []
  for (;;) {
    const path = `/v1/rooms/${room}/events?after_seq=${events.at(-1)?.seq ?? 0}&limit=200`
    const { status, body } = await api(url, { path, token })
    if (status !== 200) throw new Error(`history answered ${status} ${JSON.stringify(body)}`)
    events.push(...body.events.map((event: Seen) => ({ ...event, offset: event.seq })))
    if (!body.more) return events
  }
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
