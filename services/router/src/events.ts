import type { Breach, ConversationChange } from '@switchboard/contracts/desks'
import type { ErrorCode } from '@switchboard/contracts/errors'
import type { Context, Logger } from '@switchboard/runtime/context'
import type { Meters } from '@switchboard/runtime/meters'
import type { settings } from './config.ts'

/** All that the router counts and logs of its business. */
export function createEvents({ log, meters }: Pick<Context<typeof settings>, 'log' | 'meters'>) {
  return { log, ...channelEvents(meters), ...laneEvents(log, meters), ...deskEvents(meters) }
}

function channelEvents(meters: Meters) {
  const inHand = new Map<number, number>()
  let all = 0
  return {
    taken: (channel: string) =>
      meters.count('switchboard_channel_messages_total', { channel, direction: 'in', outcome: 'taken' }),
    /** Commands of one partition that are read and not yet applied with all they bring about. */
    inHand: (partition: number, commands: number) => {
      all += commands - (inHand.get(partition) ?? 0)
      inHand.set(partition, commands)
      meters.set('switchboard_channel_pending', { channel: 'commands' }, all)
    },
    sent: (channel: string, outcome: string, by = 1) =>
      meters.count('switchboard_channel_messages_total', { channel, direction: 'out', outcome }, by),
    held: (partitions: number) => meters.set('switchboard_router_partitions', {}, partitions),
    /** Looked at once a second. */
    lanes: ({ count, mostWaiting, bytes }: { count: number; mostWaiting: number; bytes: number }) => {
      meters.set('switchboard_router_lanes', {}, count)
      meters.set('switchboard_router_lane_queue', {}, mostWaiting)
      meters.set('switchboard_router_partition_queue', {}, Math.max(0, ...inHand.values()))
      meters.set('switchboard_router_in_hand_bytes', {}, bytes)
    },
  }
}

function laneEvents(log: Logger, meters: Meters) {
  return {
    decided: (method: string, outcome: 'committed' | 'repeated' | 'forwarded' | 'dropped' | ErrorCode) =>
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
    uncertain: (entity: string, reason: string) => {
      meters.count('switchboard_router_uncertain_total')
      log.warn({ entity, reason }, 'a publish has no answer, looking and trying again')
    },
    loadFailed: (entity: string, code: ErrorCode) => log.warn({ entity, code }, 'an entity cannot be loaded'),
    poison: (subject: string, reason: string) => {
      meters.count('switchboard_channel_messages_total', { channel: 'dead', direction: 'out', outcome: 'done' })
      log.error({ subject, reason }, 'a command is poison')
    },
  }
}

/** How all desks of this router stand. */
export interface DeskCensus {
  readonly desks: number
  /** Conversations by state. */
  readonly conversations: ReadonlyMap<string, number>
  /** Agents by status; `gone` are those without a connection. */
  readonly agents: ReadonlyMap<string, number>
  readonly capacity: { readonly free: number; readonly used: number }
}

function deskEvents(meters: Meters) {
  return {
    /** `waitedSeconds` of one that an agent has taken. */
    deskChanged: (change: ConversationChange, waitedSeconds: number | null) => {
      meters.count('switchboard_router_desk_changes_total', { change })
      if (waitedSeconds !== null) meters.observe('switchboard_router_desk_wait_seconds', {}, waitedSeconds)
    },
    deskReplied: (seconds: number) => meters.observe('switchboard_router_desk_first_reply_seconds', {}, seconds),
    deskBreached: (breach: Breach) => meters.count('switchboard_router_desk_breaches_total', { breach }),
    deskAbandoned: () => meters.count('switchboard_router_desk_abandoned_total'),
    deskCensus: ({ desks, conversations, agents, capacity }: DeskCensus) => {
      meters.set('switchboard_router_desks', {}, desks)
      for (const [state, count] of conversations) meters.set('switchboard_router_desk_conversations', { state }, count)
      for (const [status, count] of agents) meters.set('switchboard_router_desk_agents', { status }, count)
      for (const [use, count] of Object.entries(capacity))
        meters.set('switchboard_router_desk_capacity', { use }, count)
    },
  }
}

export type RouterEvents = ReturnType<typeof createEvents>
