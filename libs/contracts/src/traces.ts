/** How a span stands to others, in the words of OpenTelemetry. */
export type SpanKind = 'server' | 'client' | 'producer' | 'consumer'

export interface SpanType {
  readonly kind: SpanKind
  readonly covers: string
  /** Whose child it is. */
  readonly parent: string
  /** What else it is linked to: where many things become one, or one thing many. */
  readonly links: string
  /** What it may say. Ids may stand here, texts never. */
  readonly attributes: readonly string[]
}

const spanType = (kind: SpanKind, text: Omit<SpanType, 'kind'>): SpanType => ({ kind, ...text })

/** Every span, declared before it is made, in the order of the flow. The first word is the service. */
export const SPANS = {
  'edge.command': spanType('server', {
    covers: 'a command of a connection, from its frame to its answer',
    parent: 'none: a trace begins here, or goes on with that of the client',
    links: '',
    attributes: ['method', 'outcome'],
  }),
  'edge.request': spanType('server', {
    covers: 'a request to the HTTP API',
    parent: 'none: a trace begins here, or goes on with that of the client',
    links: '',
    attributes: ['method', 'outcome'],
  }),
  'router.command': spanType('consumer', {
    covers: 'a command, from its stream to all that it brings about',
    parent: '`edge.command`, `edge.request`, or the command that brought it about',
    links: 'the commit, if it is not its child',
    attributes: ['method', 'entity', 'outcome'],
  }),
  'router.commit': spanType('producer', {
    covers: 'one entry of the log, until the stream has it: everything that waited for its room',
    parent: 'the first of its commands',
    links: 'its other commands',
    attributes: ['entity', 'events', 'first', 'outcome'],
  }),
  'edge.fanout': spanType('consumer', {
    covers: 'an entry handed to all sockets of one edge that follow it; not each socket',
    parent: 'the commit',
    links: '',
    attributes: ['channel', 'first', 'sockets'],
  }),
  'storage.entry': spanType('consumer', {
    covers: 'an entry, from the log until MongoDB has it',
    parent: 'the commit',
    links: 'the bulk, if it is not its child',
    attributes: ['entity', 'first'],
  }),
  'storage.bulk': spanType('client', {
    covers: 'one bulk write to MongoDB',
    parent: 'the first of its entries',
    links: 'its other entries',
    attributes: ['records'],
  }),
  'notifier.plan': spanType('consumer', {
    covers: 'who is to be told of an entry, until the pushes lie in their queue',
    parent: 'the commit',
    links: '',
    attributes: ['entity', 'outcome'],
  }),
  'notifier.push': spanType('consumer', {
    covers: 'one push, from its queue: the pause in which it may be read, the last look, the attempt',
    parent: 'the plan',
    links: '',
    attributes: ['room', 'seq', 'user', 'device', 'provider', 'attempt', 'outcome'],
  }),
  'notifier.send': spanType('client', {
    covers: 'one exchange with a provider',
    parent: 'the push',
    links: '',
    attributes: ['provider', 'outcome'],
  }),
  'query.ask': spanType('client', {
    covers: 'a question to storage or a router, at the one who asks',
    parent: 'whatever asks',
    links: '',
    attributes: ['query', 'outcome'],
  }),
  'query.answer': spanType('server', {
    covers: 'the same, at the one who answers',
    parent: '`query.ask`',
    links: '',
    attributes: ['query', 'outcome'],
  }),
} as const satisfies Record<string, SpanType>

export type SpanName = keyof typeof SPANS
export type SpanAttribute<Name extends SpanName = SpanName> = (typeof SPANS)[Name]['attributes'][number]

/** The header, of HTTP and of NATS alike, that says which span something was caused by: W3C Trace Context. */
export const TRACE_HEADER = 'traceparent'

/** A span as it stands in the header. */
export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** @returns null for what is not one. A later version of the standard may say more behind it, version 00 may not. */
export function parseTraceParent(text: string): TraceParent | null {
  const [, version, traceId = '', spanId = '', flags = '', more] = SHAPE.exec(text) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

export const formatTraceParent = ({ traceId, spanId, isSampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
