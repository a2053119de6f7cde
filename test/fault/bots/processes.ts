import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BotPlan, KnownRoom, Summary } from './bot-plan.ts'
import { BotProcess } from './bot-process.ts'
import { type PlanOptions, planBots } from './plan-bots.ts'

const WAIT_MS_MAX = 60_000
/** For the way there and back, on top of what a process may take. */
const GRACE_MS = 30_000

export interface BotsOptions extends Omit<PlanOptions, 'journalPath'> {
  /** Journals go here, `<process>.jsonl`. */
  readonly dir: string
  readonly report?: (line: string) => void
}

export type ProcessSummary = Summary & { readonly process: string }

/** The client processes of a run. */
export class BotProcesses implements AsyncDisposable {
  readonly users: readonly string[]
  readonly journals: string[] = []
  readonly #report: (line: string) => void
  readonly #dir: string
  readonly #rooms = new Map<string, KnownRoom>()
  #processes: BotProcess[] = []
  #isStarted = false
  #replaced = 0

  constructor({ dir, report = () => {} }: BotsOptions, users: readonly string[]) {
    this.#dir = dir
    this.#report = report
    this.users = users
  }

  /** Every room whose making was acknowledged to a bot. */
  get rooms(): readonly KnownRoom[] {
    return [...this.#rooms.values()]
  }

  /** Those that run. */
  get names(): readonly string[] {
    return this.#processes.map(({ plan }) => plan.process)
  }

  async add(plan: BotPlan): Promise<void> {
    this.journals.push(plan.journalPath)
    const started = await BotProcess.start({
      plan,
      report: this.#report,
      onRoom: (room) => this.#know(room, plan.process),
    })
    this.#processes.push(started)
    if (this.#isStarted) started.tell('start')
  }

  start(): void {
    this.#isStarted = true
    for (const one of this.#processes) one.tell('start')
  }

  /** Agents who were to wait take offers from now on. */
  work(): void {
    for (const one of this.#processes) one.tell('work')
  }

  /** How all stand by now. */
  async look(): Promise<readonly ProcessSummary[]> {
    return Promise.all(
      this.#processes.map(async (one) => {
        const { event: _, ...summary } = await one.ask('look', 'looked', GRACE_MS)
        return { ...summary, process: one.plan.process }
      }),
    )
  }

  /** No new operations; connections stay. `start` goes on. */
  pause(): void {
    this.#isStarted = false
    for (const one of this.#processes) one.tell('pause')
  }

  /** Pauses, brings everybody back, and waits until everything is answered and every outbox is empty. */
  async finish(msMax = WAIT_MS_MAX): Promise<readonly ProcessSummary[]> {
    this.#isStarted = false
    return Promise.all(
      this.#processes.map(async (one) => {
        const { event: _, ...summary } = await one.ask(`finish ${msMax}`, 'finished', msMax + GRACE_MS)
        return { ...summary, process: one.plan.process }
      }),
    )
  }

  /** After `finish`: waits until every connection has seen all of its rooms. @returns a sentence for each that has not. */
  async settle(msMax = WAIT_MS_MAX): Promise<readonly string[]> {
    const answers = this.#processes.map((one) => one.ask(`settle ${msMax}`, 'settled', msMax + GRACE_MS))
    return (await Promise.all(answers)).flatMap(({ behind }) => behind)
  }

  /** Who is connected now, and who has been for so long without a break. */
  async present(msMin: number): Promise<{ readonly now: readonly string[]; readonly steady: readonly string[] }> {
    const answers = this.#processes.map((one) => one.ask('present', 'present', GRACE_MS))
    const users = (await Promise.all(answers)).flatMap((answer) => answer.users)
    const names = (list: typeof users) => [...new Set(list.map(({ user }) => user))]
    return { now: names(users), steady: names(users.filter(({ sinceMs }) => sinceMs >= msMin)) }
  }

  /**
   * SIGKILL. What it had asked for stays without an answer. Another process, under another name, then takes its people over,
   * when `away` has ended; resolves when they are logged in.
   */
  async kill(name: string, away = async () => {}): Promise<void> {
    const victim = this.#processes.find(({ plan }) => plan.process === name)
    if (!victim) throw new Error(`no client process ${name} is running`)
    this.#processes = this.#processes.filter((one) => one !== victim)
    await victim.kill()
    await away()
    const process = `${name}r${++this.#replaced}`
    const journalPath = journalOf(this.#dir, process)
    await this.add({ ...victim.plan, process, journalPath, rooms: [], known: this.rooms })
  }

  /** Ends the journals, then the connections and the processes. */
  async quit(): Promise<void> {
    const processes = this.#processes
    this.#processes = []
    for (const one of processes) one.tell('quit')
    await Promise.all(processes.map((one) => one[Symbol.asyncDispose]()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quit()
  }

  #know(room: KnownRoom, from: string): void {
    if (this.#rooms.has(room.room)) return
    this.#rooms.set(room.room, room)
    for (const one of this.#processes) if (one.plan.process !== from) one.know(room)
  }
}

const journalOf = (dir: string, process: string): string => join(dir, `${process}.jsonl`)

/** Starts the client processes and logs all of their people in. Nothing is done before `start()`. */
export async function startBots(options: BotsOptions): Promise<BotProcesses> {
  await mkdir(options.dir, { recursive: true })
  const plans = planBots({ ...options, journalPath: (process) => journalOf(options.dir, process) })
  await using stack = new AsyncDisposableStack()
  const bots = stack.use(new BotProcesses(options, plans[0]?.everyone ?? []))
  await Promise.all(plans.map((plan) => bots.add(plan)))
  stack.move()
  return bots
}
