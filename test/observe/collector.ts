import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '@switchboard/testkit/child'
import { freePort } from '@switchboard/testkit/ports'
import { observePrograms } from '../../tools/observe/programs.ts'

const READY_MS_MAX = 30_000

/** A span as the collector wrote it. */
export interface SeenSpan {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes: Readonly<Record<string, string | number>>
  readonly startMs: number
  readonly endMs: number
  readonly hasFailed: boolean
}

export interface Collector extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string
  /** Ends the collector, which writes what it has. @returns everything that it was ever sent. */
  finish(): Promise<SeenSpan[]>
}

/** A real collector, which writes what it gets into a file. */
export async function startCollector(): Promise<Collector> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-collector-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const { collector } = await observePrograms((line) => console.log(line))
  const port = await freePort()
  const file = join(folder, 'spans.json')
  const config = join(folder, 'config.json')
  writeFileSync(config, JSON.stringify(configOf(port, file)))
  const child = stack.use(
    await startChild({ name: 'collector', command: collector, args: ['--config', `file:${config}`], onLine: () => {} }),
  )
  const url = `http://127.0.0.1:${port}`
  await untilAnswers(url, () => child.tail().join('\n'))
  const all = stack.move()
  return {
    url,
    finish: async () => {
      await child.stop()
      return existsSync(file) ? readSpans(readFileSync(file, 'utf8')) : []
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

const configOf = (port: number, path: string) => ({
  receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
  exporters: { file: { path } },
  service: {
    telemetry: { metrics: { level: 'none' } },
    pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } },
  },
})

async function untilAnswers(url: string, tail: () => string): Promise<void> {
  const until = performance.now() + READY_MS_MAX
  for (;;) {
    // Any answer will do: what it says to a request without spans is its own affair.
    if (
      await fetch(url)
        .then(() => true)
        .catch(() => false)
    )
      return
    if (performance.now() > until) throw new Error(`the collector does not answer: ${tail()}`)
  }
}

interface OtlpValue {
  readonly stringValue?: string
  readonly intValue?: string | number
}
interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: readonly { readonly key: string; readonly value: OtlpValue }[]
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status?: { readonly code?: number }
}
interface OtlpLine {
  readonly resourceSpans: readonly {
    readonly resource: Pick<OtlpSpan, 'attributes'>
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

const FAILED = 2
const valuesOf = ({ attributes = [] }: Pick<OtlpSpan, 'attributes'>): Record<string, string | number> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))

/** The file of the collector: a line of OTLP in JSON for each request. */
function readSpans(text: string): SeenSpan[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines
    .flatMap((line) => (JSON.parse(line) as OtlpLine).resourceSpans)
    .flatMap(({ resource, scopeSpans }) => {
      const service = String(valuesOf(resource)['service.name'])
      return scopeSpans.flatMap(({ spans }) => spans.map((span) => seen(service, span)))
    })
}

const seen = (service: string, span: OtlpSpan): SeenSpan => ({
  service: service.replace('switchboard-', ''),
  name: span.name,
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId ?? '',
  links: span.links ?? [],
  attributes: Object.fromEntries(
    Object.entries(valuesOf(span)).map(([key, value]) => [key.replace('switchboard.', ''), value]),
  ),
  startMs: Number(span.startTimeUnixNano) / 1e6,
  endMs: Number(span.endTimeUnixNano) / 1e6,
  hasFailed: span.status?.code === FAILED,
})
