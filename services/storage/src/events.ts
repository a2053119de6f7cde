import type { Context } from '@switchboard/runtime/context'
import type { Table } from '@switchboard/runtime/settings'
import { troubleOf } from './mongo-errors.ts'

/** What storage tells operators: one function for each thing that happens, counter and log line together. */
export function createEvents({ meters, log }: Pick<Context<Table>, 'meters' | 'log'>) {
  let isAway = false
  let said = ''
  return {
    partitions: (held: number) => {
      meters.set('switchboard_storage_partitions', {}, held)
      log.info({ partitions: held }, 'partitions held')
    },
    tookOver: (partition: number) => {
      meters.count('switchboard_storage_takeovers_total')
      log.debug({ partition }, 'took over a partition')
    },
    read: (channel: 'log' | 'marks') =>
      meters.count('switchboard_channel_messages_total', { channel, direction: 'in', outcome: 'taken' }),
    waiting: (events: number, forMs: number) => {
      meters.set('switchboard_channel_pending', { channel: 'mongo' }, events)
      meters.set('switchboard_storage_lag_seconds', {}, forMs / 1_000)
    },
    stored: ({ events, ms }: { events: number; ms: number }) => {
      if (isAway) log.info('MongoDB is back')
      isAway = false
      meters.count('switchboard_storage_events_total', {}, events)
      meters.observe('switchboard_storage_bulk_seconds', {}, ms / 1_000)
      meters.observe('switchboard_storage_bulk_events', {}, events)
      meters.count('switchboard_channel_messages_total', { channel: 'mongo', direction: 'out', outcome: 'done' })
      meters.observe('switchboard_channel_seconds', { channel: 'mongo' }, ms / 1_000)
    },
    storeFailed: (error: unknown, attempt: number) => {
      isAway = true
      meters.count('switchboard_channel_messages_total', { channel: 'mongo', direction: 'out', outcome: 'retried' })
      // The first one wakes somebody, the rest would only fill the log.
      const level = attempt === 0 ? 'warn' : 'debug'
      log[level]({ error: String(error), attempt }, 'a batch could not be written, trying again')
    },
    readFailed: (failed: { channel: string; partition: number; error: unknown; attempt: number }) => {
      const level = failed.attempt === 0 ? 'warn' : 'debug'
      log[level]({ ...failed, error: String(failed.error) }, 'a partition cannot be read yet, trying again')
    },
    buried: (dead: { channel: string; subject: string; stream_seq: number; reason: string }) => {
      meters.count('switchboard_channel_messages_total', { channel: 'dead', direction: 'out', outcome: 'done' })
      log.error(dead, 'a record went to dead')
    },
    indexRefused: (refused: { index: string; reason: string }) =>
      log.warn(refused, 'this database refuses an index: what needs it is slower'),
    notPrepared: (error: unknown) => {
      const trouble = troubleOf(error)
      // Once for each trouble: it is tried every few seconds.
      log[trouble === said ? 'debug' : 'warn']({ error: String(error) }, trouble)
      said = trouble
    },
    prepared: (abilities: object) => log.info(abilities, 'MongoDB is ready'),
    answered: ({ query, outcome, ms }: { query: string; outcome: string; ms: number }) => {
      meters.count('switchboard_storage_queries_total', { query, outcome })
      meters.observe('switchboard_storage_query_seconds', { query }, ms / 1_000)
      meters.count('switchboard_channel_messages_total', { channel: 'queries', direction: 'in', outcome })
      meters.observe('switchboard_channel_seconds', { channel: 'queries' }, ms / 1_000)
    },
    queryFailed: (query: string, error: unknown) =>
      log.warn({ query, error: String(error) }, 'a question could not be answered'),
  }
}

export type Events = ReturnType<typeof createEvents>
