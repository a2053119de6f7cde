/** One metric of a text exposition: its HELP and TYPE lines, and its values by name and labels as they stand there. */
interface Family {
  readonly head: string
  /** Counters and histograms only ever grow while their process lives. */
  readonly grows: boolean
  readonly samples: ReadonlyMap<string, string>
}

type Families = ReadonlyMap<string, Family>

/** Reads what prom-client writes: one family after the other, an empty line between two. */
function parse(text: string): Families {
  const families = new Map<string, Family>()
  for (const block of text.split('\n\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)/m.exec(block) ?? []
    if (name === undefined) continue
    const lines = block.split('\n').filter((line) => line !== '')
    const head = lines.filter((line) => line.startsWith('#'))
    const samples = new Map<string, string>()
    for (const line of lines.slice(head.length)) {
      const end = line.lastIndexOf(' ')
      samples.set(line.slice(0, end), line.slice(end + 1))
    }
    families.set(name, { head: head.join('\n'), grows: type === 'counter' || type === 'histogram', samples })
  }
  return families
}

/**
 * What all workers of a service have counted, each under a label of its own. A counter goes on where the last process of that
 * worker was last seen: a fresh one that soon has counted more than the old one would else look like the same, and what it has
 * counted would be missing. Gauges are of the living alone.
 */
export class WorkerMetrics {
  readonly #living = new Map<number, Families>()
  /** What the earlier processes of a worker had counted when they were last seen. */
  readonly #past = new Map<number, Families>()

  /** The process of this worker says how it is. */
  take(worker: number, text: string): void {
    this.#living.set(worker, parse(text))
  }

  /** The process of this worker has ended; the next one counts from nothing. */
  ended(worker: number): void {
    this.#past.set(worker, this.#grown(worker))
    this.#living.delete(worker)
  }

  /** Everything in one text, with the parent's own. Of those who are silent only what grows, as it was last known. */
  text(own: string, silent: ReadonlySet<number>): string {
    const all = [parse(own)]
    for (const worker of new Set([...this.#living.keys(), ...this.#past.keys()])) {
      const grown = this.#grown(worker)
      const now = silent.has(worker) ? [] : [...(this.#living.get(worker) ?? [])]
      all.push(grown, new Map(now.filter(([, { grows }]) => !grows)))
    }
    return merged(all)
  }

  /** Counters and histograms of a worker over all its processes. */
  #grown(worker: number): Families {
    const living = this.#living.get(worker) ?? new Map<string, Family>()
    const past = this.#past.get(worker) ?? new Map<string, Family>()
    const sum = new Map<string, Family>(past)
    for (const [name, family] of living) {
      if (family.grows) sum.set(name, { ...family, samples: added(family.samples, past.get(name)?.samples) })
    }
    return sum
  }
}

function added(now: Family['samples'], past: Family['samples'] = new Map()): Family['samples'] {
  const sum = new Map(now)
  // What the new process has not counted yet stays, too.
  for (const [key, value] of past) sum.set(key, String(Number(value) + Number(now.get(key) ?? 0)))
  return sum
}

/** Prometheus wants all samples of a metric together, under one head. */
function merged(all: readonly Families[]): string {
  const heads = new Map<string, string>()
  const lines = new Map<string, string[]>()
  for (const families of all) {
    for (const [name, { head, samples }] of families) {
      heads.set(name, head)
      const known = lines.get(name) ?? []
      lines.set(name, known)
      for (const [key, value] of samples) known.push(`${key} ${value}`)
    }
  }
  return `${[...heads].map(([name, head]) => [head, ...(lines.get(name) ?? [])].join('\n')).join('\n\n')}\n`
}
