/**
 * channel    mongo (MongoDB, write concern majority)
 * comes      batches of records from from-log and from-marks
 * goes       events, projections and the positions of the partitions
 * guarantee  repeated and raced without harm: every write is keyed or guarded by seq
 * order      the events of a batch before the heads that cover them, the positions last
 * acked      by the position, after the whole batch
 */
import type { Events } from './events.ts'
import type { Mongo } from './mongo-connect.ts'
import type { Abilities } from './mongo-indexes.ts'
import { applyWrites } from './mongo-write.ts'
import { project } from './projection.ts'
import type { StoredRecord } from './record.ts'

/** Writes one batch. @throws PoisonError when a record in it can never be written, and whatever the driver throws when the database is away. */
export const toMongo =
  ({ mongo, events, abilities }: { mongo: Mongo; events: Events; abilities: () => Abilities }) =>
  async (records: readonly StoredRecord[]): Promise<void> => {
    const started = performance.now()
    const writes = project(records)
    await applyWrites({ ...mongo, ...abilities() }, writes)
    events.stored({ events: writes.events.length + writes.userEvents.length, ms: performance.now() - started })
  }
