import { createInterface } from 'node:readline'
import { CrowdClient, type CrowdCounts } from './crowd-client.ts'
import { createDice } from './dice.ts'

/**
 * Thousands of light connections in one process. Its plan comes as one JSON line on its standard input, then a word a line:
 * `reset` counts anew, `back <ms>` waits until all are connected and reports, `quit` ends. It ends when its input does.
 */
export interface CrowdPlan {
  readonly name: string
  readonly seed: number
  readonly url: string
  readonly tokens: readonly string[]
  /** Spread over the tokens: an edge takes 20 connections of one user. */
  readonly clients: number
}

export interface CrowdReport extends Omit<CrowdCounts, 'awayMs'> {
  readonly event: 'ready' | 'back'
  readonly clients: number
  readonly connected: number
  /** From `reset` until the last one was back; null if not all are. */
  readonly allBackMs: number | null
  /** Of the returns. */
  readonly awayMsMedian: number
  readonly awayMsLongest: number
  /** Of each client the longest time without a publication: half of them had less, nobody had more. */
  readonly silenceMsMedian: number
  readonly silenceMsLongest: number
}

const OPEN_AT_ONCE = 200
const LOOK_MS = 50
const SWEEP_MS = 5_000
/** An edge pings every 25 seconds at most. */
const SILENT_MS_MAX = 40_000
const READY_MS_MAX = 300_000
const BACK_MS_MAX = 60_000
/** Files that a process needs besides its sockets. */
const OTHER_FILES = 200

class Crowd {
  readonly #plan: CrowdPlan
  readonly #clients: CrowdClient[]
  #counts = fresh()
  #resetAtMs = performance.now()
  #connectedAtMs = performance.now()

  constructor(plan: CrowdPlan) {
    this.#plan = plan
    const { random } = createDice(plan.seed).fork(plan.name)
    const address = `${plan.url.replace('http', 'ws')}/connection/websocket`
    const onConnected = () => {
      this.#connectedAtMs = performance.now()
    }
    this.#clients = Array.from({ length: plan.clients }, (_, index) => {
      const token = plan.tokens[index % plan.tokens.length] ?? ''
      return new CrowdClient({ address, token, counts: this.#counts, random, onConnected })
    })
    setInterval(() => {
      for (const client of this.#clients) client.cutIfSilent(SILENT_MS_MAX)
    }, SWEEP_MS)
  }

  /** Not all at once: this is not the storm that is measured. */
  async open(): Promise<void> {
    let next = 0
    await waitFor(READY_MS_MAX, () => {
      const wanted = Math.min(this.#clients.length, this.#connected + OPEN_AT_ONCE)
      while (next < wanted) this.#clients[next++]?.open()
      return this.#connected === this.#clients.length
    })
  }

  reset(): void {
    Object.assign(this.#counts, fresh(), { awayMs: this.#counts.awayMs })
    this.#counts.awayMs.length = 0
    this.#resetAtMs = performance.now()
    for (const client of this.#clients) client.listen()
  }

  async back(msMax: number): Promise<void> {
    await waitFor(msMax, () => this.#counts.sentAway === 0 && this.#connected === this.#clients.length)
  }

  report(event: CrowdReport['event']): CrowdReport {
    const { awayMs, ...counts } = this.#counts
    const sorted = [...awayMs].sort((a, b) => a - b)
    const silences = this.#clients.map(({ silenceMs }) => silenceMs).sort((a, b) => a - b)
    const areAllBack = this.#connected === this.#plan.clients
    return {
      event,
      clients: this.#plan.clients,
      connected: this.#connected,
      ...counts,
      allBackMs: areAllBack ? Math.max(0, this.#connectedAtMs - this.#resetAtMs) : null,
      awayMsMedian: sorted[sorted.length >> 1] ?? 0,
      awayMsLongest: sorted.at(-1) ?? 0,
      silenceMsMedian: silences[silences.length >> 1] ?? 0,
      silenceMsLongest: silences.at(-1) ?? 0,
    }
  }

  get #connected(): number {
    return this.#clients.filter(({ isConnected }) => isConnected).length
  }
}

const fresh = (): CrowdCounts => ({
  connects: 0,
  losses: 0,
  sentAway: 0,
  recovered: 0,
  reloaded: 0,
  publications: 0,
  holes: 0,
  awayMs: [],
})

async function waitFor(msMax: number, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + msMax
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}

/** Node raises its own limit as far as it may; past that somebody must allow it more. @throws a sentence that says so. */
function checkFiles(clients: number): void {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: string | number } } }
  const allowed = Number(report.userLimits?.open_files?.soft)
  if (allowed < clients + OTHER_FILES)
    throw new Error(
      `${clients} connections need ${clients + OTHER_FILES} open files, and this process may have ${allowed}: raise «ulimit -n»`,
    )
}

async function gather(plan: CrowdPlan): Promise<Crowd> {
  checkFiles(plan.clients)
  const crowd = new Crowd(plan)
  await crowd.open()
  return crowd
}

const print = (report: CrowdReport): void => void process.stdout.write(`${JSON.stringify(report)}\n`)

async function obey(crowd: Crowd, line: string): Promise<void> {
  const [word, argument] = line.split(' ')
  if (word === 'reset') crowd.reset()
  else if (word === 'quit') process.exit(0)
  else if (word === 'back') {
    await crowd.back(Number(argument) || BACK_MS_MAX)
    print(crowd.report('back'))
  } else throw new Error(`a crowd does not know the word ${JSON.stringify(line)}`)
}

function main(): void {
  let crowd: Promise<Crowd> | undefined
  const lines = createInterface({ input: process.stdin })
  lines.on('close', () => process.exit(0))
  lines.on('line', (line) => {
    if (crowd === undefined) {
      crowd = gather(JSON.parse(line) as CrowdPlan)
      void crowd.then((one) => print(one.report('ready')))
    } else void crowd.then((one) => obey(one, line))
  })
}

main()
