import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { type Names, names } from '@switchboard/contracts/subjects'
import type { Logger } from '@switchboard/runtime/context'
import { DeadlineError, pause, within } from '@switchboard/runtime/deadline'
import type { Tracing } from '@switchboard/runtime/tracing'
import { UnusableError } from '@switchboard/runtime/unusable'
import { AckedPublisher } from './acked-publisher.ts'
import { connectGathering } from './gathering.ts'
import { Replies } from './replies.ts'
import { type Servers, serversOf } from './servers.ts'
import { checkUsable, whyNotConnected } from './usable.ts'

/** One connection to NATS, with the names of this installation. Everything of libs/bus takes it first. */
export interface Bus {
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  /** Questions to the servers, of which there are many. */
  readonly replies: Replies
  /** Publishes of which every single one counts, and of which there are many. */
  readonly acked: AckedPublisher
  readonly names: Names
  readonly replicas: number
  readonly log: Logger
  /** Undefined where nothing is traced. */
  readonly tracing: Tracing | undefined
  /** Milliseconds since NATS was lost; 0 while it is there. */
  readonly awayMs: number
  /** Calls back after each reconnect, until the returned function is called. */
  onReconnect(callback: () => void): () => void
  [Symbol.asyncDispose](): Promise<void>
}

export interface BusOptions {
  readonly url: string
  readonly namespace: string
  readonly service: string
  readonly replicas: number
  readonly log: Logger
  readonly tracing?: Tracing | undefined
  /** How long the first connection may take, in milliseconds: NATS may still be starting. */
  readonly connectMsMax?: number
}

const FLUSH_MS_MAX = 5_000
/** For a stream's word to a publish, or the server's to what it is asked. */
const ACK_MS_MAX = 5_000
/** NATS that is only starting is there before: nothing need be said. */
const SAY_AFTER_MS = 3_000
const RETRY_MS = 300

/**
 * @throws UnusableError with the reason, when no server let us in in time, or one did that we cannot use. Later losses are mended
 * by itself, for ever.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { namespace, replicas, log } = options
  const nc = await connectFirst(options)
  const jsm = await jetstreamManager(nc, { timeout: ACK_MS_MAX, checkAPI: false })
  await checkUsable(nc, jsm).catch(async (error) => {
    await nc.close()
    throw error
  })
  const replies = new Replies(nc, { msMax: ACK_MS_MAX })
  const listeners = new Set<() => void>()
  const away = { since: null as number | null }
  watchStatus(nc, { log, listeners, away })
  return {
    nc,
    js: jetstream(nc, { timeout: ACK_MS_MAX }),
    jsm,
    replies,
    acked: new AckedPublisher(replies),
    names: names(namespace),
    replicas,
    log,
    tracing: options.tracing,
    get awayMs() {
      return away.since === null ? 0 : performance.now() - away.since
    },
    onReconnect: (callback) => {
      listeners.add(callback)
      return () => listeners.delete(callback)
    },
    [Symbol.asyncDispose]: async () => {
      listeners.clear()
      try {
        await within(FLUSH_MS_MAX, nc.drain(), 'draining NATS')
      } catch (error) {
        if (!(error instanceof DeadlineError))
          log.debug({ error: String(error) }, 'NATS was gone before it was drained')
        await nc.close()
      }
    },
  }
}

/** Tried until a server lets us in: NATS may still be starting. Whoever looks into the log of a pod that waits finds the reason. */
async function connectFirst({ url, log, connectMsMax = 30_000, ...names }: BusOptions): Promise<NatsConnection> {
  const servers = serversOf(url)
  const began = performance.now()
  let reason = ''
  for (let said = ''; ; ) {
    const leftMs = connectMsMax - (performance.now() - began)
    const attempt = connectGathering(connectionOptions(servers, names))
    try {
      return await within(Math.max(leftMs, 0), attempt, 'connecting')
    } catch (error) {
      // The attempt goes on behind our back: if it still succeeds, it must not keep the process alive.
      attempt.then((late) => late.close()).catch(() => {})
      // An attempt that the deadline has cut short knows less than those before it.
      if (reason === '' || !(error instanceof DeadlineError)) reason = whyNotConnected(servers, error)
      const waitedMs = performance.now() - began
      if (waitedMs + RETRY_MS > connectMsMax) throw new UnusableError(reason, { cause: error })
      if (waitedMs > SAY_AFTER_MS && reason !== said) {
        log.warn({ error: reason }, 'waiting for NATS')
        said = reason
      }
      await pause(RETRY_MS * (0.5 + Math.random()))
    }
  }
}

const connectionOptions = (servers: Servers, { namespace, service }: Pick<BusOptions, 'namespace' | 'service'>) => ({
  ...servers,
  name: `${namespace}-${service}`,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  reconnectJitter: 250,
  // A server that hangs answers no ping and ends no connection: it is left after some nine seconds.
  pingInterval: 3_000,
  maxPingOut: 2,
  // The machine of a server that hangs still takes connections for it: on to the next one after this long.
  timeout: 5_000,
  ignoreAuthErrorAbort: true,
  // Else each request makes two errors in advance, only to know where it was made: a sixth of a router's work.
  noAsyncTraces: true,
})

interface Watch {
  readonly log: Logger
  readonly listeners: ReadonlySet<() => void>
  /** On a clock that nobody sets. */
  readonly away: { since: number | null }
}

async function watchStatus(nc: NatsConnection, { log, listeners, away }: Watch): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === 'disconnect') {
      away.since ??= performance.now()
      log.warn('NATS connection lost')
    }
    if (status.type === 'reconnect') {
      away.since = null
      log.info('NATS connection is back')
      for (const listener of listeners) listener()
    }
    if (status.type === 'slowConsumer') log.warn('NATS says that this process reads too slowly')
  }
}
