/**
 * channel    log (JetStream), the partitions that this pod holds
 * comes      entries from the router
 * goes       the batch writer, and by it to-mongo; what is not an entry to to-dead
 * guarantee  every entry at least once: reading begins after the position that MongoDB holds
 * order      per partition
 * acked      never; the position moves after the batch
 */
import type { Bus } from '@switchboard/bus/connect'
import { parseEntry } from '@switchboard/bus/log-entry'
import { PARTITIONS_EACH, streamOf } from '@switchboard/contracts/partition'
import { followPartition, type PartitionReader } from './partition-reader.ts'
import { contentOf } from './record.ts'

/** Reads one partition of the log until it is disposed. */
export const fromLog =
  (deps: { bus: Bus; reader: PartitionReader }) =>
  (partition: number): AsyncDisposable =>
    followPartition(deps.reader, {
      source: 'log',
      partition,
      stream: deps.bus.names.logStream(streamOf(partition)),
      filter: deps.bus.names.logOf(partition),
      filtersInAll: PARTITIONS_EACH,
      parse: (record) => contentOf(parseEntry(record)),
    })
