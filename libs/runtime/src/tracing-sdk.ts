/**
 * Spans by the SDK of OpenTelemetry, to a collector. @NOTE Loaded only where the settings name one: without it no process loads
 * anything of OpenTelemetry.
 */
import {
  ROOT_CONTEXT,
  type Attributes as SdkAttributes,
  type Context as SdkContext,
  type Span as SdkSpan,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { formatTraceParent, parseTraceParent, SPANS, type SpanName } from '@switchboard/contracts/traces'
import { within } from './deadline.ts'
import type { ActiveSpan, Attributes, Beginning, Span, Tracing } from './tracing.ts'

/** Spans that wait for the collector; past it they are dropped, and counted. */
const WAITING_MAX = 8_192
const BATCH_MAX = 512
const BATCH_MS = 1_000
const EXPORT_MS_MAX = 5_000
/** For the last spans of a process that stops. */
const STOP_MS_MAX = 3_000
/** Links of one span: a group commit has at most so many commands. */
const LINKS_MAX = 256

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const

export interface SpanEvents {
  readonly ended: () => void
  readonly sent: (spans: number) => void
  readonly notSent: (spans: number, error: unknown) => void
}

export interface TracingParts {
  readonly service: string
  readonly id: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly active: ActiveSpan
  readonly events: SpanEvents
  /** At least 0, below 1. */
  readonly random?: () => number
}

export function createTracing({ service, id, settings, active, events, random = Math.random }: TracingParts): Tracing {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers = [] } = settings
  const exporter = new OTLPTraceExporter({
    url: `${String(endpoint).replace(/\/+$/, '')}/v1/traces`,
    headers: Object.fromEntries((headers as readonly string[]).map(pairOf)),
    timeoutMillis: EXPORT_MS_MAX,
  })
  const processor = new BatchSpanProcessor(counted(exporter, events), {
    maxQueueSize: WAITING_MAX,
    maxExportBatchSize: BATCH_MAX,
    scheduledDelayMillis: BATCH_MS,
    exportTimeoutMillis: EXPORT_MS_MAX,
  })
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': `switchboard-${service}`,
      'service.namespace': String(settings.NATS_NAMESPACE ?? ''),
      'service.instance.id': id,
    }),
    spanLimits: { linkCountLimit: LINKS_MAX },
    spanProcessors: [processor],
  })
  const odds = Number(settings.TRACES_PER_THOUSAND ?? 0) / 1_000
  return new SdkTracing(provider.getTracer('switchboard'), {
    active,
    ended: events.ended,
    wins: () => random() < odds,
    goesOn: settings.TRACES_OF_CLIENTS === true,
    shutdown: () => provider.shutdown(),
  })
}

interface SdkParts {
  readonly active: ActiveSpan
  readonly ended: () => void
  readonly wins: () => boolean
  /** Whether what a client says of its own trace counts. */
  readonly goesOn: boolean
  readonly shutdown: () => Promise<void>
}

class SdkTracing implements Tracing {
  readonly #tracer: Tracer
  readonly #parts: SdkParts

  constructor(tracer: Tracer, parts: SdkParts) {
    this.#tracer = tracer
    this.#parts = parts
  }

  get active(): Span | undefined {
    return this.#parts.active.getStore()
  }

  begin<Name extends SpanName>(name: Name, beginning: Beginning<Name>): Span | undefined {
    const parent = contextOf(beginning.cause)
    return parent && this.#start(name, parent, beginning)
  }

  beginHere<Name extends SpanName>(name: Name, beginning: Beginning<Name>): Span | undefined {
    const parent = this.#parts.goesOn ? contextOf(beginning.cause) : undefined
    if (parent) return this.#start(name, parent, beginning)
    return this.#parts.wins() ? this.#start(name, ROOT_CONTEXT, beginning) : undefined
  }

  gather<Name extends SpanName>(
    name: Name,
    causes: readonly (Span | undefined)[],
    attributes?: Attributes<Name>,
  ): Span | undefined {
    const [first, ...others] = causes.filter((cause) => cause !== undefined)
    const span = this.begin(name, { cause: first, ...(attributes && { attributes }) })
    if (!span) return undefined
    for (const other of others) {
      span.link(other)
      other.link(span)
    }
    return span
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What could not be sent was told of; a collector that is away must not keep a process from its end.
    await within(STOP_MS_MAX, this.#parts.shutdown(), 'sending the last spans').catch(() => {})
  }

  #start(name: SpanName, parent: SdkContext, { of, attributes = {} }: Beginning<SpanName>): Span {
    const { kind } = SPANS[name]
    const options = { kind: KINDS[kind], attributes: prefixed(attributes) }
    const span = this.#tracer.startSpan(of === undefined ? name : `${name} ${of}`, options, parent)
    return new RecordedSpan(span, this.#parts)
  }
}

class RecordedSpan implements Span {
  readonly trace: string
  readonly traceId: string
  readonly spanId: string
  readonly #span: SdkSpan
  readonly #parts: SdkParts

  constructor(span: SdkSpan, parts: SdkParts) {
    const { traceId, spanId } = span.spanContext()
    this.traceId = traceId
    this.spanId = spanId
    this.trace = formatTraceParent({ traceId, spanId, isSampled: true })
    this.#span = span
    this.#parts = parts
  }

  note(attributes: Attributes): void {
    this.#span.setAttributes(prefixed(attributes))
  }

  link({ traceId, spanId }: Span): void {
    this.#span.addLink({ context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED } })
  }

  run<T>(work: () => T): T {
    return this.#parts.active.run(this, work)
  }

  end(hasFailed = false): void {
    if (hasFailed) this.#span.setStatus({ code: SpanStatusCode.ERROR })
    this.#span.end()
    this.#parts.ended()
  }
}

/** What a child of it begins in; undefined for what is not traced. */
function contextOf(cause: Span | string | undefined): SdkContext | undefined {
  const parent = typeof cause === 'string' ? parseTraceParent(cause) : cause && { ...ids(cause), isSampled: true }
  if (!parent?.isSampled) return undefined
  const { traceId, spanId } = parent
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: typeof cause === 'string' }
  return trace.setSpanContext(ROOT_CONTEXT, context)
}

const ids = ({ traceId, spanId }: Span) => ({ traceId, spanId })

const prefixed = (attributes: Attributes): SdkAttributes =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`switchboard.${name}`, value]))

function pairOf(text: string): [string, string] {
  const end = text.indexOf('=')
  return [text.slice(0, end), text.slice(end + 1)]
}

/** The exporter, with what becomes of its spans told. */
function counted(exporter: SpanExporter, events: SpanEvents): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code === 0) events.sent(spans.length)
        else events.notSent(spans.length, result.error)
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}
