import type { CloseName } from '@switchboard/contracts/close-codes'
import type { ErrorCode } from '@switchboard/contracts/errors'
import type { Logger } from '@switchboard/runtime/context'
import type { Meters } from '@switchboard/runtime/meters'
import type { RefusalCause } from './admission.ts'
import type { Format } from './codec.ts'
import type { SlowCause } from './outbox.ts'
import type { RecoverySource } from './recovery.ts'

export type Transport = 'websocket' | 'tcp'

/** Everything that this service tells people and dashboards. Ids stand in logs only, never in labels. */
export function createEvents({ log, meters }: { log: Logger; meters: Meters }) {
  const sockets = { websocket: 0, tcp: 0 }
  const through = (channel: string, direction: 'in' | 'out', outcome: string, by = 1) =>
    meters.count('switchboard_channel_messages_total', { channel, direction, outcome }, by)
  return {
    ...protection(meters, through),
    opened: (transport: Transport) => {
      sockets[transport] += 1
      meters.set('switchboard_edge_connections', { transport }, sockets[transport])
    },
    closed: (transport: Transport, reason: CloseName | 'client') => {
      sockets[transport] -= 1
      meters.set('switchboard_edge_connections', { transport }, sockets[transport])
      meters.count('switchboard_edge_closes_total', { reason })
    },
    connected: (user: string, client: string, rooms: number) => {
      through('uplink', 'in', 'connected')
      log.debug({ user, client, rooms }, 'connected')
    },
    command: (channel: 'uplink' | 'api', outcome: 'done' | ErrorCode) => {
      through(channel, 'in', outcome === 'done' ? 'done' : 'refused')
      if (outcome !== 'done') meters.count('switchboard_edge_refusals_total', { code: outcome })
    },
    delivered: (format: Format, count: number) => meters.count('switchboard_edge_delivered_total', { format }, count),
    signalDropped: () => meters.count('switchboard_edge_dropped_signals_total'),
    outbox: (bytes: number, connections: number) => {
      meters.set('switchboard_edge_outbox_bytes', {}, bytes)
      meters.set('switchboard_edge_outbox_connections', {}, connections)
    },
    feeds: (count: number) => meters.set('switchboard_edge_feeds', {}, count),
    feedRepaired: (cause: string) => meters.count('switchboard_edge_feed_repairs_total', { cause }),
    feedRepairFailed: (channel: string, error: unknown) =>
      log.warn({ channel, error: String(error) }, 'a feed could not be mended yet'),
    feedReset: (kind: string, id: string) => log.warn({ kind, id }, 'a feed lost its position, its clients reload'),
    feedsNotOpened: (count: number, error: unknown) =>
      log.warn({ count, error: String(error) }, 'feeds could not be opened'),
    auditFailed: (error: unknown) => log.warn({ error: String(error) }, 'quiet feeds could not be compared'),
    recovered: (source: RecoverySource) => meters.count('switchboard_edge_recoveries_total', { source }),
    entry: (outcome: 'done' | 'poison') => through('log', 'in', outcome),
    poison: (subject: string, error: unknown) =>
      log.error({ subject, error: String(error) }, 'an entry of the log is not of ours'),
    signal: (direction: 'in' | 'out') => through('signals', direction, 'done'),
    commandSent: () => through('commands', 'out', 'sent'),
    replied: (outcome: 'done' | 'refused' | 'late' | 'timeout') => through('replies', 'in', outcome),
    replySeconds: (seconds: number) => meters.observe('switchboard_channel_seconds', { channel: 'replies' }, seconds),
    repliesPending: (count: number) => meters.set('switchboard_channel_pending', { channel: 'replies' }, count),
    asked: (outcome: 'done' | ErrorCode) => through('queries', 'out', outcome === 'done' ? 'done' : 'refused'),
    presence: (users: number) => through('presence', 'out', 'sent', users),
    kicked: (user: string, connections: number) => log.info({ user, connections }, 'connections of a user were ended'),
    loginRefused: (user: string, address: string) => log.info({ user, address }, 'log-in refused'),
    draining: (connections: number, seconds: number) => log.info({ connections, seconds }, 'draining'),
    sentAway: (seconds: number) => {
      meters.count('switchboard_edge_drained_total')
      meters.set('switchboard_edge_drain_seconds', {}, seconds)
    },
    drained: (seconds: number, late: number) => {
      meters.set('switchboard_edge_drain_seconds', {}, seconds)
      log.info({ seconds, late }, 'drained')
    },
    frameBroken: (address: string) => log.debug({ address }, 'a frame was not of the protocol'),
    keysUnavailable: (error: unknown) => log.warn({ error: String(error) }, 'the keys of the issuer could not be read'),
    listening: (address: string) => log.info({ address }, 'listening'),
    apiFailed: (route: string, error: unknown) =>
      log.error({ route, error: String(error), stack: error instanceof Error ? error.stack : undefined }, 'api failed'),
  }
}

type Through = (channel: string, direction: 'in' | 'out', outcome: string) => void

/** What an edge does to stay whole. */
function protection(meters: Meters, through: Through) {
  return {
    admissionRefused: (way: 'connection' | 'request', cause: RefusalCause) => {
      through(way === 'request' ? 'api' : 'uplink', 'in', 'refused')
      meters.count('switchboard_edge_admission_refusals_total', { way, cause })
    },
    apiRequests: (count: number) => meters.set('switchboard_edge_api_requests', {}, count),
    slow: (cause: SlowCause) => meters.count('switchboard_edge_slow_total', { cause }),
    held: (count: { subscriptions: number; people: number; unauthenticated: number }) => {
      meters.set('switchboard_edge_subscriptions', {}, count.subscriptions)
      meters.set('switchboard_edge_people', {}, count.people)
      meters.set('switchboard_edge_unauthenticated', {}, count.unauthenticated)
    },
  }
}

export type EdgeEvents = ReturnType<typeof createEvents>
