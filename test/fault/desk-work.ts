import { readFile } from 'node:fs/promises'
import type { MetricName } from '@switchboard/contracts/metrics'
import type { WorkSample } from './desk-figures.ts'
import type { RunningWorld } from './world.ts'

const EVERY_MS = 2_000
/** The kernel counts in hundredths of a second. */
const TICK_MS = 10
const CHANGES: MetricName = 'switchboard_router_desk_changes_total'
const DESKS: MetricName = 'switchboard_router_desks'
const CONVERSATIONS: MetricName = 'switchboard_router_desk_conversations'

const sumOf = (samples: ReadonlyMap<string, number>, isIt: (key: string) => boolean): number =>
  [...samples].reduce((sum, [key, value]) => (isIt(key) ? sum + value : sum), 0)

/** How often conversations changed. */
const changesIn = (counters: ReadonlyMap<string, number>): number =>
  sumOf(counters, (key) => key.startsWith(`${CHANGES}{`))

/** Looks at the routers now and then: what they have done, and for how many. */
export class WorkWatch implements Disposable {
  readonly samples: WorkSample[] = []
  readonly #world: RunningWorld
  readonly #cpuMs = new Map<number, number>()
  readonly #timer: NodeJS.Timeout

  constructor(world: RunningWorld) {
    this.#world = world
    this.#timer = setInterval(() => void this.#look(), EVERY_MS)
  }

  get waiting(): number {
    return this.samples.at(-1)?.waiting ?? 0
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const routers = this.#world.of('router')
    for (const { pid, running } of this.#world.services.filter(({ service }) => service === 'router'))
      if (running) this.#cpuMs.set(pid, (await cpuMsOf(pid)) ?? this.#cpuMs.get(pid) ?? 0)
    const now = await Promise.all(routers.map((router) => router.metrics()))
    const all = await this.#world.counters()
    const isKnown = now.some((samples) => sumOf(samples, (key) => key.startsWith(DESKS)) > 0)
    const known = now.map((samples) =>
      sumOf(samples, (key) => key.startsWith(`${CONVERSATIONS}{`) && key.includes('state="queued"')),
    )
    this.samples.push({
      // Between a router's end and the next one's first look at its desks nobody knows how many wait.
      waiting: isKnown ? known.reduce((sum, count) => sum + count, 0) : this.waiting,
      events: changesIn(all),
      cpuMs: [...this.#cpuMs.values()].reduce((sum, ms) => sum + ms, 0),
    })
  }
}

/** User and system time of a process, where the kernel tells; undefined elsewhere. */
async function cpuMsOf(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // The name of the program stands in parentheses and may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
