/**
 * channel    marks (JetStream, the last one per member of a room), the partitions that this pod holds
 * comes      read positions from the router
 * goes       the batch writer, and by it to-mongo; what is not a mark to to-dead
 * guarantee  the last one of each member at least once
 * order      none needed: a mark only moves forward
 * acked      never; the position moves after the batch
 */
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson } from '@switchboard/bus/core'
import { PARTITIONS } from '@switchboard/contracts/partition'
import { followPartition, type PartitionReader } from './partition-reader.ts'
import { markOf } from './record.ts'

/** Reads the marks of one partition until it is disposed. */
export const fromMarks =
  (deps: { bus: Bus; reader: PartitionReader }) =>
  (partition: number): AsyncDisposable =>
    followPartition(deps.reader, {
      source: 'marks',
      partition,
      stream: deps.bus.names.marksStream,
      filter: deps.bus.names.marksOf(partition),
      filtersInAll: PARTITIONS,
      parse: (record) => markOf(decodeJson(record.data)),
    })
