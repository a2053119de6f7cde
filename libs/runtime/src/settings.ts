/** Settings are a table: key, type, default, bounds and a sentence. The table makes the parser, the docs and the chart's env. */

interface Base {
  readonly doc: string
  readonly secret?: boolean
}
export type Setting =
  | (Base & { readonly type: 'string' | 'url' | 'pem'; readonly default?: string })
  | (Base & { readonly type: 'integer'; readonly default?: number; readonly min?: number; readonly max?: number })
  | (Base & { readonly type: 'boolean'; readonly default: boolean })
  | (Base & { readonly type: 'list'; readonly default: readonly string[] })

export type Table = Readonly<Record<string, Setting>>

type ValueOf<S extends Setting> = S['type'] extends 'integer'
  ? number
  : S['type'] extends 'boolean'
    ? boolean
    : S['type'] extends 'list'
      ? readonly string[]
      : string

/** The parsed values, under the names of the table. A setting without a default is required. */
export type Settings<T extends Table> = { readonly [Key in keyof T]: ValueOf<T[Key]> }

/** Keeps the literal types of a table. */
export const table = <const T extends Table>(settings: T): T => settings

/** What every service has. */
export const COMMON_SETTINGS = table({
  NATS_URL: {
    type: 'url',
    default: 'nats://127.0.0.1:4222',
    secret: true,
    doc: 'Where NATS with JetStream is; several servers separated by commas.',
  },
  NATS_NAMESPACE: {
    type: 'string',
    default: 'sb',
    doc: 'First token of every subject and stream: two installations can share one NATS.',
  },
  NATS_REPLICAS: { type: 'integer', default: 1, min: 1, max: 5, doc: 'Copies of each stream. Three in production.' },
  OPERATOR_HOST: { type: 'string', default: '0.0.0.0', doc: 'Address of the operator port.' },
  OPERATOR_PORT: {
    type: 'integer',
    default: 9100,
    min: 0,
    max: 65_535,
    doc: 'Port for /live, /ready and /metrics; 0 takes a free one.',
  },
  LOG_LEVEL: { type: 'string', default: 'info', doc: 'trace, debug, info, warn, error or fatal.' },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: 'url',
    default: '',
    doc: 'Where traces go: a collector of OpenTelemetry (OTLP over HTTP), as http://collector:4318. Empty: there are none.',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    type: 'list',
    default: [],
    secret: true,
    doc: 'Headers for the collector, as name=value.',
  },
})

export class SettingsError extends Error {
  override name = 'SettingsError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** The environment of this process: the one place that reads it. */
export const environment = (): Readonly<Record<string, string | undefined>> => process.env

type Parsed = { value: unknown } | { problem: string }

function parse(setting: Setting, text: string): Parsed {
  switch (setting.type) {
    case 'integer': {
      const value = Number(text)
      if (text.trim() === '' || !Number.isSafeInteger(value)) return { problem: 'must be a whole number' }
      if (setting.min !== undefined && value < setting.min) return { problem: `must be at least ${setting.min}` }
      if (setting.max !== undefined && value > setting.max) return { problem: `must be at most ${setting.max}` }
      return { value }
    }
    case 'boolean':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : { problem: 'must be true or false' }
    case 'list':
      return {
        value: text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      }
    case 'url':
      return text.split(',').every((item) => URL.canParse(item)) ? { value: text } : { problem: 'must be a URL' }
    case 'pem':
      // Environment files often cannot hold newlines.
      return { value: text.replaceAll('\\n', '\n') }
    case 'string':
      return { value: text }
  }
}

/** @throws SettingsError with every problem at once, each a sentence that starts with the name of the setting. */
export function readSettings<T extends Table>(
  settings: T,
  env: Readonly<Record<string, string | undefined>> = environment(),
): Settings<T> {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, setting] of Object.entries(settings)) {
    const text = env[name]
    if (text === undefined || text === '') {
      if (setting.default === undefined) problems.push(`${name} is required: ${setting.doc}`)
      else values[name] = setting.default
      continue
    }
    const parsed = parse(setting, text)
    if ('problem' in parsed)
      problems.push(`${name} ${parsed.problem}${setting.secret ? '' : `, not ${JSON.stringify(text)}`}`)
    else values[name] = parsed.value
  }
  if (problems.length > 0) throw new SettingsError(problems)
  return values as Settings<T>
}
