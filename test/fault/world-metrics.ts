const SCRAPE_MS = 1_000
const ANSWER_MS_MAX = 900

export type Samples = ReadonlyMap<string, number>

/** What one process said about itself. */
export interface Scrape {
  /** By `name{labels}`. */
  readonly samples: Samples
  /** Those of them that only ever grow while the process lives: counters and histograms. */
  readonly growing: Samples
}

/** Reads the text format of Prometheus. */
export function parseMetrics(text: string): Scrape {
  const kinds = new Map<string, string>()
  const samples = new Map<string, number>()
  const growing = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, declared, kind] = /^# TYPE (\S+) (\S+)/.exec(line) ?? []
    if (declared && kind) kinds.set(declared, kind)
    const [, name = '', labels = '', value] = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)/.exec(line) ?? []
    if (value === undefined) continue
    samples.set(name + labels, Number(value))
    const isGrowing =
      kinds.get(name) === 'counter' || kinds.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram'
    if (isGrowing) growing.set(name + labels, Number(value))
  }
  return { samples, growing }
}

const NOTHING: Scrape = { samples: new Map(), growing: new Map() }

/** Reads the metrics of one service again and again, so that little of what a killed process counted is lost. */
export class MetricsMemory implements Disposable {
  readonly #url: string
  readonly #past = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  #last = NOTHING
  #incarnation = 0
  #isAsking = false

  constructor(operatorUrl: string) {
    this.#url = `${operatorUrl}/metrics`
    this.#timer = setInterval(() => void this.#look(), SCRAPE_MS)
    this.#timer.unref()
  }

  /** The process is another one from now on. */
  renew(): void {
    for (const [name, value] of this.#last.growing) this.#past.set(name, (this.#past.get(name) ?? 0) + value)
    this.#last = NOTHING
    this.#incarnation++
  }

  /** What the process says now; empty while it does not answer. */
  async now(): Promise<Samples> {
    return (await this.#scrape())?.samples ?? NOTHING.samples
  }

  /** What all processes so far have counted, as far as it was seen: up to a second before each was killed. */
  async total(): Promise<Samples> {
    await this.#scrape()
    const sum = new Map(this.#past)
    for (const [name, value] of this.#last.growing) sum.set(name, (sum.get(name) ?? 0) + value)
    return sum
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    await this.#scrape()
    this.#isAsking = false
  }

  async #scrape(): Promise<Scrape | undefined> {
    const incarnation = this.#incarnation
    try {
      const response = await fetch(this.#url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
      if (!response.ok) return undefined
      const scrape = parseMetrics(await response.text())
      if (incarnation === this.#incarnation) this.#last = scrape
      return scrape
    } catch {
      return undefined // dead, frozen or only starting
    }
  }
}

/** The sum of several, sample by sample. */
export function addUp(all: readonly Samples[]): Map<string, number> {
  const sum = new Map<string, number>()
  for (const samples of all) for (const [name, value] of samples) sum.set(name, (sum.get(name) ?? 0) + value)
  return sum
}
