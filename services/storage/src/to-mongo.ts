/**
 * channel    mongo (MongoDB, write concern majority)
 * comes      batches of records from from-log and from-marks
 * goes       events, projections and the positions of the partitions
 * guarantee  repeated and raced without harm: every write is keyed or guarded by seq
 * order      the events of a batch before the heads that cover them, the positions last
 * acked      by the positions, at most once a second and after all that lies before them
 */
import { type Tracing, throughSpan } from '@switchboard/runtime/tracing'
import type { Events } from './events.ts'
import type { Mongo } from './mongo-connect.ts'
import type { Abilities } from './mongo-indexes.ts'
import { applyWrites } from './mongo-write.ts'
import { project } from './projection.ts'
import type { StoredRecord } from './record.ts'
import type { Update } from './writes.ts'

/** Between two writes of positions, at least: what lies after the stored ones is read again after a crash, and changes nothing. */
const POSITIONS_MS = 1_000

interface ToMongo {
  readonly mongo: Mongo
  readonly events: Events
  readonly abilities: () => Abilities
  /** Undefined where nothing is traced. */
  readonly tracing?: Tracing | undefined
}

/** Writes one batch. @throws PoisonError when a record in it can never be written, and whatever the driver throws when the database is away. */
export const toMongo = ({ mongo, events, abilities, tracing }: ToMongo) => {
  const unsaved = new Map<string, Update>()
  let savedMs = Number.NEGATIVE_INFINITY
  const write = async (records: readonly StoredRecord[]): Promise<void> => {
    const startedMs = performance.now()
    const writes = project(records)
    for (const position of writes.positions) unsaved.set(position.filter._id, position)
    const isDue = startedMs - savedMs >= POSITIONS_MS
    await applyWrites({ ...mongo, ...abilities() }, { ...writes, positions: isDue ? [...unsaved.values()] : [] })
    if (isDue) {
      unsaved.clear()
      savedMs = startedMs
    }
    events.stored({ events: writes.events.length + writes.userEvents.length, ms: performance.now() - startedMs })
  }
  return async (records: readonly StoredRecord[]): Promise<void> => {
    if (!tracing) return write(records)
    const spans = records.map(({ span }) => span)
    await throughSpan(tracing.gather('storage.bulk', spans, { records: records.length }), () => write(records))
    for (const span of spans) span?.end()
  }
}
