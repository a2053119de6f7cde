import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type Names, names } from '@switchboard/contracts/subjects'
import type { Logger } from '@switchboard/runtime/context'
import { DeadlineError, within } from '@switchboard/runtime/deadline'

/** One connection to NATS, with the names of this installation. Everything of libs/bus takes it first. */
export interface Bus {
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly replicas: number
  readonly log: Logger
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
  /** How long the first connection may take, in milliseconds: NATS may still be starting. */
  readonly connectMsMax?: number
}

const FLUSH_MS_MAX = 5_000

/** @throws DeadlineError when no server answered in time. Later losses are mended by itself, for ever. */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { url, namespace, service, replicas, log, connectMsMax = 30_000 } = options
  const connecting = connect({
    servers: url.split(','),
    name: `${namespace}-${service}`,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: 5_000,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
  })
  const nc = await within(connectMsMax, connecting, `connecting to NATS at ${redact(url)}`).catch((error) => {
    // The attempt goes on behind our back: if it ever succeeds, it must not keep the process alive.
    connecting.then((late) => late.close()).catch(() => {})
    throw error
  })
  const listeners = new Set<() => void>()
  watchStatus(nc, log, listeners)
  return {
    nc,
    js: jetstream(nc, { timeout: 5_000 }),
    jsm: await jetstreamManager(nc, { timeout: 5_000, checkAPI: false }),
    names: names(namespace),
    replicas,
    log,
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

async function watchStatus(nc: NatsConnection, log: Logger, listeners: ReadonlySet<() => void>): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === 'disconnect') log.warn('NATS connection lost')
    if (status.type === 'reconnect') {
      log.info('NATS connection is back')
      for (const listener of listeners) listener()
    }
    if (status.type === 'slowConsumer') log.warn('NATS says that this process reads too slowly')
  }
}

const redact = (url: string): string => url.replaceAll(/\/\/[^@/]*@/g, '//…@')
