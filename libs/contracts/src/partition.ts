/** Partitions of the whole installation, fixed when it is installed: every edge and router must compute the same one. */
export const PARTITIONS = 64

/** Physical streams that the partitions are spread over: one Raft group each, so the log scales past one leader. */
export const STREAMS = 4

/** Partitions of one of them. */
export const PARTITIONS_EACH = PARTITIONS / STREAMS

const encoder = new TextEncoder()

/** FNV-1a, 32 bits, over UTF-8: the hash that NATS' own `partition()` mapping uses, so that either side can compute it. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** Partition of an entity: 0 … PARTITIONS−1. */
export const partitionOf = (id: string): number => fnv1a(id) % PARTITIONS

/** The physical stream of a partition: 0 … STREAMS−1. */
export const streamOf = (partition: number): number => partition % STREAMS

/** The partitions of a stream. */
export const partitionsOf = (stream: number): number[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => partition).filter((p) => streamOf(p) === stream)
