import { PubHeaders } from '@nats-io/jetstream'
import type { EntityKind } from '@switchboard/contracts/ids'
import { partitionOf, streamOf } from '@switchboard/contracts/partition'
import { chunks } from '@switchboard/runtime/chunks'
import type { Bus } from './connect.ts'
import { WRONG_LAST_SEQUENCE } from './infrastructure.ts'
import { lastMessage, nextMessage, type StoredRecord } from './leader-read.ts'
import { type LogEntry, parseEntry } from './log-entry.ts'
import { readBatch, readRecord } from './replica-read.ts'

const BATCH = 256
const BATCH_BYTES = 4_194_304
/** Subjects of one batched read; the server takes 1,024. */
const HEADS_BATCH = 500

const toEntry = (message: StoredRecord): LogEntry =>
  parseEntry({ subject: message.subject, seq: message.seq, data: message.data, headers: message.header })

/** The last entry of an entity, from the stream's leader: it is the newest that was acknowledged to anybody. Null if there is none. @throws when NATS is away. */
export async function readHead(bus: Bus, kind: EntityKind, id: string): Promise<LogEntry | null> {
  const message = await lastMessage(bus, bus.names.logStream(streamOf(partitionOf(id))), bus.names.log(kind, id))
  return message ? toEntry(message) : null
}

/** The last entry of a partition, whatever its entity. */
export async function readPartitionHead(bus: Bus, partition: number): Promise<LogEntry | null> {
  const message = await lastMessage(bus, bus.names.logStream(streamOf(partition)), bus.names.logOf(partition))
  return message ? toEntry(message) : null
}

/**
 * The last entries of many entities, batched. @NOTE Any replica answers: what it says can be old, so callers look again.
 * @returns entries by id; entities without one are absent.
 */
export async function readHeads(bus: Bus, kind: EntityKind, ids: readonly string[]): Promise<Map<string, LogEntry>> {
  const heads = new Map<string, LogEntry>()
  const byStream = Map.groupBy(ids, (id) => streamOf(partitionOf(id)))
  const reads = [...byStream].flatMap(([stream, group]) =>
    chunks(group, HEADS_BATCH).map(async (part) => {
      const multi_last = part.map((id) => bus.names.log(kind, id))
      const messages = await readBatch(bus, bus.names.logStream(stream), { multi_last })
      for (const message of messages) heads.set(message.subject.split('.').at(-1) ?? '', toEntry(message))
    }),
  )
  await Promise.all(reads)
  return heads
}

/**
 * The entries of one entity between two stream sequences: after `after`, up to and with `upTo` (a head that was read from the leader).
 * Batched from any replica, and from the leader where the replica is behind; no more batches once there are `most`. @throws when NATS is away.
 */
export async function readTail(
  bus: Bus,
  entity: { kind: EntityKind; id: string },
  { after, upTo, most = Number.POSITIVE_INFINITY }: { after: number; upTo: number; most?: number },
): Promise<LogEntry[]> {
  const stream = bus.names.logStream(streamOf(partitionOf(entity.id)))
  const subject = bus.names.log(entity.kind, entity.id)
  const entries: LogEntry[] = []
  let last = after
  while (last < upTo && entries.length < most) {
    const from = { seq: last + 1, next_by_subj: subject, batch: BATCH, max_bytes: BATCH_BYTES }
    const batch = await readBatch(bus, stream, from)
    if (batch.length === 0) {
      const next = await nextMessage(bus, stream, { seq: last + 1, subject })
      if (!next) return entries
      batch.push(next)
    }
    entries.push(...batch.map(toEntry))
    last = entries.at(-1)?.logSeq ?? upTo
  }
  return entries
}

/**
 * The entries of one entity from the one that holds the event `after + 1` up to the one with this stream sequence, walked backwards:
 * each knows the one before it, which it had to name to be written (the fence). From any replica. Null where they are more than
 * `most`, or not all there. @throws when NATS is away.
 */
export async function readBack(
  bus: Bus,
  entity: { kind: EntityKind; id: string },
  { logSeq, after, most }: { logSeq: number; after: number; most: number },
): Promise<LogEntry[] | null> {
  const stream = bus.names.logStream(streamOf(partitionOf(entity.id)))
  const subject = bus.names.log(entity.kind, entity.id)
  const entries: LogEntry[] = []
  for (let seq = logSeq; seq > 0 && entries.length < most; ) {
    const message = await readRecord(bus, stream, seq)
    if (message?.subject !== subject) return null
    const entry = toEntry(message)
    entries.unshift(entry)
    if (entry.range.first <= after + 1) return entries
    seq = Number(message.header.get(PubHeaders.ExpectedLastSubjectSequenceHdr))
  }
  return null
}

/** What became of a publish: `stored`; `conflict`, somebody else wrote the subject; `unknown`, it may or may not lie there. */
export type Published =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown'; readonly reason: string }

type Fields = Readonly<Record<string, string>>

/** `expect` is the last stream sequence of the subject (0: none), the fence of G1 and G2. */
interface Fenced {
  readonly subject: string
  readonly payload: Uint8Array
  readonly headers?: Fields
  readonly expect: number
}

/** Publishes into a stream and waits for its word. */
export async function publishFenced(bus: Bus, { subject, payload, headers, expect }: Fenced): Promise<Published> {
  const fence = { [PubHeaders.ExpectedLastSubjectSequenceHdr]: String(expect) }
  const word = await bus.acked.publish(subject, payload, { ...headers, ...fence })
  if (word.kind !== 'refused') return word
  return word.code === WRONG_LAST_SEQUENCE ? { kind: 'conflict' } : { kind: 'unknown', reason: word.reason }
}

/** The same under an id, by which the stream knows it again for a while. */
export const publishExpecting = (
  bus: Bus,
  { messageId, headers, ...message }: Fenced & { readonly headers: Fields; readonly messageId: string },
): Promise<Published> => publishFenced(bus, { ...message, headers: { ...headers, [PubHeaders.MsgIdHdr]: messageId } })
