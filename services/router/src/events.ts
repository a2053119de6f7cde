import type { ErrorCode } from '@switchboard/contracts/errors'
import type { Context, Logger } from '@switchboard/runtime/context'
import type { Meters } from '@switchboard/runtime/meters'
import type { settings } from './config.ts'

/** All that the router counts and logs of its business. */
export function createEvents({ log, meters }: Pick<Context<typeof settings>, 'log' | 'meters'>) {
  return { log, ...channelEvents(meters), ...laneEvents(log, meters) }
}

function channelEvents(meters: Meters) {
  return {
    taken: (channel: string, pending: number) => {
      meters.count('switchboard_channel_messages_total', { channel, direction: 'in', outcome: 'taken' })
      meters.set('switchboard_channel_pending', { channel }, pending)
    },
    sent: (channel: string, outcome: string, by = 1) =>
      meters.count('switchboard_channel_messages_total', { channel, direction: 'out', outcome }, by),
    held: (partitions: number) => meters.set('switchboard_router_partitions', {}, partitions),
    lanes: (count: number) => meters.set('switchboard_router_lanes', {}, count),
  }
}

function laneEvents(log: Logger, meters: Meters) {
  return {
    decided: (method: string, outcome: 'committed' | 'repeated' | 'dropped' | ErrorCode) =>
      meters.count('switchboard_router_commands_total', { method, outcome }),
    repeated: (found: 'memory' | 'storage') => meters.count('switchboard_router_duplicates_total', { found }),
    committed: (entry: { events: number; seconds: number }) => {
      meters.observe('switchboard_router_entry_events', {}, entry.events)
      meters.observe('switchboard_router_commit_seconds', {}, entry.seconds)
    },
    tookOver: (partition: number, from: { floor: number; behind: number }) => {
      meters.count('switchboard_router_takeovers_total')
      log.debug({ partition, ...from }, 'took over a partition')
    },
    fenced: (partition: number, entity: string) => {
      meters.count('switchboard_router_fenced_total')
      log.warn({ partition, entity }, 'another router has written here: giving the partition up')
    },
    uncertain: (entity: string, reason: string) =>
      log.warn({ entity, reason }, 'a publish has no answer, looking and trying again'),
    loadFailed: (entity: string, code: ErrorCode) => log.warn({ entity, code }, 'an entity cannot be loaded'),
    poison: (subject: string, reason: string) => log.error({ subject, reason }, 'a command is poison'),
  }
}

export type RouterEvents = ReturnType<typeof createEvents>
