import { fileURLToPath } from 'node:url'
import { within } from '@switchboard/runtime/deadline'
import { type Child, startChild } from '@switchboard/testkit/child'
import type { CrowdPlan, CrowdReport } from './crowd-main.ts'

const MAIN = fileURLToPath(new URL('./crowd-main.ts', import.meta.url))
const READY_MS_MAX = 400_000
const GRACE_MS = 30_000

export interface CrowdOptions extends Omit<CrowdPlan, 'name' | 'clients'> {
  /** Of all processes together. */
  readonly clients: number
  readonly processes: number
  readonly report?: (line: string) => void
}

/** Processes full of light connections. */
export class Crowd implements AsyncDisposable {
  readonly #children: { readonly child: Child; readonly next: () => Promise<CrowdReport> }[] = []

  /** Resolves when all are connected. @throws when a process ends, as when it may not open so many files. */
  static async gather(options: CrowdOptions): Promise<Crowd> {
    await using stack = new AsyncDisposableStack()
    const crowd = stack.use(new Crowd())
    const { processes, report = () => {}, ...plan } = options
    const clients = Math.ceil(options.clients / processes)
    const names = Array.from({ length: processes }, (_, index) => `crowd-${index + 1}`)
    const ready = names.map((name) => crowd.#start({ ...plan, name, clients }, report))
    const reports = await Promise.all(ready)
    for (const one of reports)
      if (one.connected < one.clients) throw new Error(`only ${one.connected} of ${one.clients} could connect`)
    stack.move()
    return crowd
  }

  /** Counts begin anew: what is measured comes now. */
  reset(): void {
    for (const { child } of this.#children) child.write('reset\n')
  }

  /** Resolves when all are connected again, or after `msMax`: a report of each process. */
  back(msMax: number): Promise<CrowdReport[]> {
    return Promise.all(
      this.#children.map(({ child, next }) => {
        child.write(`back ${msMax}\n`)
        return within(msMax + GRACE_MS, next(), `the report of ${child.name}`)
      }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(({ child }) => child.release()))
  }

  async #start(plan: CrowdPlan, report: (line: string) => void): Promise<CrowdReport> {
    let onReport: (line: CrowdReport) => void = () => {}
    const child = await startChild({
      name: plan.name,
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', MAIN],
      onLine: (line, from) => (from === 'stdout' ? onReport(JSON.parse(line)) : report(`${plan.name}: ${line}`)),
    })
    const ended = child.exited.then(({ code, signal }) => {
      throw new Error(`${plan.name} ended with ${code ?? signal}:\n${child.tail().join('\n')}`)
    })
    // Whoever waits for a report is told; an end that nobody waits for is an end that was asked for.
    ended.catch(() => {})
    const next = () => {
      const { promise, resolve } = Promise.withResolvers<CrowdReport>()
      onReport = resolve
      return Promise.race([promise, ended])
    }
    this.#children.push({ child, next })
    const ready = next()
    child.write(`${JSON.stringify(plan)}\n`)
    return within(READY_MS_MAX, ready, `the connections of ${plan.name}`)
  }
}
