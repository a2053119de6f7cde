import { type EntityKind, isId } from './ids.ts'
import { partitionOf, partitionsOf, STREAMS } from './partition.ts'

/** A bug, not a refusal: an id must have been validated long before it becomes a subject token. */
function token(id: string): string {
  if (!isId(id)) throw new Error(`not a subject token: ${JSON.stringify(id)}`)
  return id
}

/**
 * Every subject, stream, bucket and durable name of one installation. The namespace is the first token of each, so that two
 * installations (or two tests) can share a NATS without hearing each other.
 */
export function names(namespace: string) {
  const ns = token(namespace)
  return {
    namespace: ns,
    command: (kind: EntityKind, id: string) => `${ns}.cmd.${partitionOf(id)}.${kind}.${token(id)}`,
    commandsOf: (partition: number) => `${ns}.cmd.${partition}.>`,
    commandsStream: (stream: number) => `${ns}-commands-${stream}`,
    commandsSubjects: (stream: number) => partitionsOf(stream).map((p) => `${ns}.cmd.${p}.>`),
    log: (kind: EntityKind, id: string) => `${ns}.log.${partitionOf(id)}.${kind}.${token(id)}`,
    logOf: (partition: number) => `${ns}.log.${partition}.>`,
    logStream: (stream: number) => `${ns}-log-${stream}`,
    logSubjects: (stream: number) => partitionsOf(stream).map((p) => `${ns}.log.${p}.>`),
    /** Where the log streams republish to: `ns.log.<p>.<kind>.<id>` becomes `ns.live.<kind>.<id>`. */
    logRepublish: { src: `${ns}.log.*.*.*`, dest: `${ns}.live.{{wildcard(2)}}.{{wildcard(3)}}` },
    live: (kind: EntityKind, id: string) => `${ns}.live.${kind}.${token(id)}`,
    reply: (edge: string) => `${ns}.reply.${token(edge)}`,
    presence: (edge: string) => `${ns}.presence.${token(edge)}`,
    presenceAll: `${ns}.presence.*`,
    presenceAsk: `${ns}.ask-presence`,
    kick: `${ns}.kick`,
    query: (service: string, name: string) => `${ns}.ask.${service}.${name}`,
    /** Questions that only the owner of a partition can answer. */
    queryPartition: (partition: number, name: string) => `${ns}.ask.router.${partition}.${name}`,
    mark: (room: string, user: string) => `${ns}.mark.${partitionOf(room)}.${token(room)}.${token(user)}`,
    marksOf: (partition: number) => `${ns}.mark.${partition}.>`,
    marksAll: `${ns}.mark.>`,
    marksStream: `${ns}-marks`,
    push: (provider: string) => `${ns}.push.${provider}`,
    pushAll: `${ns}.push.>`,
    pushesStream: `${ns}-pushes`,
    dead: (service: string) => `${ns}.dead.${service}`,
    deadAll: `${ns}.dead.>`,
    deadStream: `${ns}-dead`,
    leases: `${ns}-leases`,
    /** The lease of one edge incarnation; `edgeOfLease` is the way back. */
    edgeLease: (edge: string) => `edge.${token(edge)}`,
    edgeLeases: 'edge.>',
    edgeOfLease: (key: string) => key.slice('edge.'.length),
    claims: `${ns}-claims`,
    floors: `${ns}-floors`,
    /** NATS keeps a bucket in a stream of this name, and a key under this subject. */
    bucketStream: (bucket: string) => `KV_${bucket}`,
    bucketKey: (bucket: string, key: string) => `$KV.${bucket}.${key}`,
    durable: (service: string) => `${ns}-${service}`,
  } as const
}

export type Names = ReturnType<typeof names>

/** The kind and id at the end of a `cmd.` `log.` or `live.` subject. */
export function entityOf(subject: string): { kind: EntityKind; id: string } {
  const parts = subject.split('.')
  return { kind: parts.at(-2) as EntityKind, id: parts.at(-1) ?? '' }
}

export const STREAM_NUMBERS: readonly number[] = Array.from({ length: STREAMS }, (_, s) => s)
