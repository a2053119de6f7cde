import { readFile, truncate } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { within } from '@switchboard/runtime/deadline'
import { type Child, startChild } from '@switchboard/testkit/child'
import type { JournalRecord } from '@switchboard/testkit/history/records'
import type { BotCommand, BotLine, BotPlan, KnownRoom } from './bot-plan.ts'
import { Journal } from './journal.ts'

const MAIN = fileURLToPath(new URL('./bots-main.ts', import.meta.url))
const READY_MS_MAX = 180_000
const ABNORMAL_CLOSURE = 1006

type LineOf<Event extends BotLine['event']> = Extract<BotLine, { event: Event }>

export interface BotProcessOptions {
  readonly plan: BotPlan
  readonly onRoom: (room: KnownRoom) => void
  readonly report: (line: string) => void
}

/** One client process, its orders and its answers. */
export class BotProcess implements AsyncDisposable {
  readonly plan: BotPlan
  readonly #options: BotProcessOptions
  readonly #send: (line: string) => void
  readonly #child: Child
  readonly #waiting: { readonly event: BotLine['event']; readonly resolve: (line: BotLine) => void }[] = []

  private constructor(options: BotProcessOptions, child: Child) {
    this.plan = options.plan
    this.#options = options
    this.#child = child
    this.#send = (line) => child.write(`${line}\n`)
  }

  /** Resolves when its people are logged in. @throws when it ends before. */
  static async start(options: BotProcessOptions): Promise<BotProcess> {
    const name = options.plan.process
    let started: BotProcess | undefined
    const child = await startChild({
      name: `bots ${name}`,
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', MAIN],
      // It prints nothing on its standard output before it has its plan.
      onLine: (line, from) => {
        if (from === 'stderr') options.report(`${name}: ${line}`)
        else if (started) started.#line(line)
      },
    })
    started = new BotProcess(options, child)
    started.#send(JSON.stringify(options.plan))
    await started.#until('ready', READY_MS_MAX)
    return started
  }

  get running(): boolean {
    return this.#child.running
  }

  tell(command: BotCommand): void {
    this.#send(command)
  }

  know(room: KnownRoom): void {
    this.#send(`room ${JSON.stringify(room)}`)
  }

  /** @throws when it does not answer in time, or has ended. */
  async ask<Event extends BotLine['event']>(order: string, event: Event, msMax: number): Promise<LineOf<Event>> {
    this.#send(order)
    return this.#until(event, msMax)
  }

  /**
   * SIGKILL. Its journal then says of each connection that it is lost, as whoever killed it knows, and ends with a whole line.
   */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#child.exited
    await closeJournal(this.plan)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.release()
  }

  async #until<Event extends BotLine['event']>(event: Event, msMax: number): Promise<LineOf<Event>> {
    const { promise, resolve } = Promise.withResolvers<BotLine>()
    this.#waiting.push({ event, resolve })
    const ended = this.#child.exited.then(({ code, signal }) => {
      throw new Error(`bots ${this.plan.process} ended with ${code ?? signal}:\n${this.#child.tail().join('\n')}`)
    })
    return (await within(msMax, Promise.race([promise, ended]), `«${event}» of ${this.plan.process}`)) as LineOf<Event>
  }

  #line(text: string): void {
    const line = JSON.parse(text) as BotLine
    if (line.event === 'room') this.#options.onRoom({ room: line.room, kind: line.kind })
    const index = this.#waiting.findIndex(({ event }) => event === line.event)
    if (index !== -1) this.#waiting.splice(index, 1)[0]?.resolve(line)
  }
}

async function closeJournal({ journalPath, process: name }: BotPlan): Promise<void> {
  const bytes = await readFile(journalPath)
  const whole = bytes.lastIndexOf('\n') + 1
  if (whole < bytes.length) await truncate(journalPath, whole)
  const connected = new Map<string, string>()
  for (const line of bytes.subarray(0, whole).toString().split('\n')) {
    if (!line.includes('"connection"')) continue
    const record = JSON.parse(line) as JournalRecord
    if (record.type !== 'connection') continue
    if (record.state === 'connected') connected.set(record.client, record.user)
    else connected.delete(record.client)
  }
  using journal = new Journal(journalPath, `${name}:killed`)
  for (const [client, user] of connected)
    journal.write({ type: 'connection', client, user, state: 'lost', code: ABNORMAL_CLOSURE, terminal: true })
}
