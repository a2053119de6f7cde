import assert from 'node:assert/strict'
import { MAX } from '@switchboard/contracts/limits'
import { names } from '@switchboard/contracts/subjects'
import type fc from 'fast-check'
import type { StreamWord } from '../src/acked-publisher.ts'
import type { Bus } from '../src/connect.ts'
import { WRONG_LAST_SEQUENCE } from '../src/infrastructure.ts'
import { holdPartitions, type PartitionHolder } from '../src/partitions.ts'

/** Few, so that many runs are quick: the more often one goes wrong, the fewer are needed. Not a multiple of the pods. */
export const PARTITIONS = 5
const NAMES = names('t')
const KEYS_AT = NAMES.bucketKey(NAMES.leases, '').length
export const SLOW_END_MS = 5_000
const REFUSED: StreamWord = { kind: 'refused', code: WRONG_LAST_SEQUENCE, reason: 'wrong last sequence' }

/** What may become of a request. `unanswered` was done all the same. */
export type Fate = 'good' | 'lost' | 'unanswered'

interface Row {
  readonly revision: number
  readonly value: string
  /** When it runs out, endless for what does not; null for the marker of one that did, or was given back. */
  readonly until: number | null
}

interface Found {
  readonly subject: string
  readonly seq: number
  readonly value: string
  readonly isGone: boolean
}

const GONE = { name: 'KV-Operation', value: 'DEL' }
const NOT_FOUND = { error: { code: 404, err_code: 10_037, description: 'no message found' } }

const END_OF_BATCH = { headers: { code: 204 } }

const asReplicaSays = ({ subject, seq, value, isGone }: Found) => {
  const all: Readonly<Record<string, string>> = {
    'Nats-Subject': subject,
    'Nats-Sequence': String(seq),
    ...(isGone && { [GONE.name]: GONE.value }),
  }
  const get = (name: string) => all[name] ?? ''
  return { data: Buffer.from(value), headers: { code: 0, get, last: get } }
}

const asLeaderSays = ({ subject, seq, value, isGone }: Found) => ({
  message: {
    subject,
    seq,
    data: Buffer.from(value).toString('base64'),
    ...(isGone && { hdrs: Buffer.from(`NATS/1.0\r\n${GONE.name}: ${GONE.value}\r\n\r\n`).toString('base64') }),
  },
})

const NO_ANSWER = { kind: 'none', reason: 'no answer' } as const

/** By which a lease is asked for, or several. */
interface Question {
  readonly last_by_subj?: string
  readonly multi_last?: readonly string[]
}

/** What of a bus those who hold partitions use. */
interface Offered {
  readonly names: typeof NAMES
  readonly nc: { isClosed(): boolean }
  readonly log: { warn(): void; debug(): void }
  readonly acked: Pick<Bus['acked'], 'publish'>
  readonly replies: { ask(subject: string, question: Uint8Array, options?: { parts?: object[] }): Promise<object> }
}

/** A bucket of leases with a clock of its own, several pods, and a network between them. */
export class World {
  readonly s: fc.Scheduler
  readonly pods: Pod[] = []
  readonly rows = new Map<string, Row>()
  nowMs = 0
  /** Partitions that were taken from a pod that was sure of them. */
  readonly stolen: string[] = []
  readonly #fates: Fate[]
  #revision = 0
  #timers: { readonly at: number; readonly then: () => void }[] = []

  constructor(s: fc.Scheduler, fates: readonly Fate[]) {
    this.s = s
    this.#fates = [...fates]
  }

  fate(): Fate {
    return this.#fates.shift() ?? 'good'
  }

  /** What becomes of the requests that come next. */
  trouble(...fates: Fate[]): void {
    this.#fates.push(...fates)
  }

  /** The network is well from now on. */
  calm(): void {
    this.#fates.length = 0
  }

  pass(ms: number): void {
    this.nowMs += ms
    for (const [key, { until, value }] of this.rows)
      if (until !== null && until <= this.nowMs) this.#put(key, { value, until: null })
    const due = this.#timers.filter(({ at }) => at <= this.nowMs)
    this.#timers = this.#timers.filter(({ at }) => at > this.nowMs)
    for (const { then } of due) then()
  }

  /** The servers come back and have forgotten when what they hold runs out. */
  loseTimers(): void {
    for (const [key, row] of this.rows)
      if (row.until !== null) this.rows.set(key, { ...row, until: Number.POSITIVE_INFINITY })
  }

  after(ms: number, then: () => void): void {
    this.#timers.push({ at: this.nowMs + ms, then })
  }

  #put(key: string, row: Omit<Row, 'revision'>): number {
    this.#revision += 1
    this.rows.set(key, { ...row, revision: this.#revision })
    return this.#revision
  }

  /** What the stream says: the key may have another revision than expected. */
  write(key: string, row: Omit<Row, 'revision'>, expect: number): StreamWord {
    if ((this.rows.get(key)?.revision ?? 0) !== expect) return REFUSED
    return { kind: 'stored', seq: this.#put(key, row) }
  }

  /** All leases whose subject matches; one that ends with `>` matches many. */
  find(wanted: string): Found[] {
    const isWanted = (subject: string) =>
      wanted.endsWith('>') ? subject.startsWith(wanted.slice(0, -1)) : subject === wanted
    return [...this.rows].flatMap(([key, { revision, value, until }]) => {
      const subject = NAMES.bucketKey(NAMES.leases, key)
      return isWanted(subject) ? [{ subject, seq: revision, value, isGone: until === null }] : []
    })
  }

  get living(): Pod[] {
    return this.pods.filter(({ state }) => state === 'lives' || state === 'hangs')
  }

  /** The pod that is sure of a partition. */
  whoIsSure(partition: number): string | undefined {
    return this.pods.find(({ sure, state }) => state !== 'dead' && sure.get(partition)?.())?.id
  }

  /** Partitions of which two pods are sure at the same time. */
  get sureTwice(): number[] {
    const all = this.pods.flatMap(({ sure }) =>
      [...sure].flatMap(([partition, isSure]) => (isSure() ? [partition] : [])),
    )
    return all.filter((partition, i) => all.indexOf(partition) !== i)
  }

  start(): void {
    const pod = new Pod(this, `pod${this.pods.length}`)
    this.pods.push(pod)
    pod.begin()
  }
}

export class Pod {
  readonly id: string
  state: 'lives' | 'hangs' | 'stops' | 'dead' = 'lives'
  /** What it works on, from the moment it is gained until its end is done. */
  readonly works = new Set<number>()
  readonly sure = new Map<number, () => boolean>()
  changes = 0
  readonly #world: World
  #holder: Promise<PartitionHolder> | undefined
  #goesOn: (() => void)[] = []
  #together: Promise<void> | null = null

  constructor(world: World, id: string) {
    this.#world = world
    this.id = id
  }

  begin(): void {
    this.#holder = holdPartitions(this.#bus(), {
      group: 'router',
      id: this.id,
      partitions: PARTITIONS,
      gained: (partition, isSure) => {
        this.sure.set(partition, isSure)
        return this.#gained(partition)
      },
      steadyMs: () => this.#world.nowMs,
      crash: (error) => assert.fail(String(error)),
      pause: (ms, signal) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve())
          this.#world.after(ms, () => void this.#step('looks again').then(resolve))
        }),
    })
  }

  #gained(partition: number): AsyncDisposable {
    assert.ok(!this.works.has(partition), `${this.id} begins with ${partition} before it has ended it`)
    this.works.add(partition)
    this.changes += 1
    return {
      [Symbol.asyncDispose]: async () => {
        // A publish that gets no answer keeps it for longer than a lease lives.
        const isSlow = this.#world.fate() !== 'good'
        if (isSlow) await new Promise<void>((resolve) => this.#world.after(SLOW_END_MS, resolve))
        await this.#step('ends its work')
        this.works.delete(partition)
        this.changes += 1
      },
    }
  }

  /** What it does in one turn goes over one connection together. A pod that hangs goes on later, one that is dead never. */
  #step(what: string): Promise<void> {
    this.#together ??= this.#world.s.schedule(Promise.resolve(), `${this.id} ${what}`).then(async () => {
      this.#together = null
      if (this.state === 'hangs') await new Promise<void>((resolve) => this.#goesOn.push(resolve))
      if (this.state === 'dead') await new Promise<void>(() => {})
    })
    return this.#together
  }

  /** @returns null when no answer comes. */
  async #request<T>(what: string, work: () => T): Promise<T | null> {
    const fate = this.#world.fate()
    await this.#step(what)
    if (fate === 'lost') return null
    const done = work()
    await this.#step(`${what}, answered`)
    return fate === 'unanswered' ? null : done
  }

  /** What the leader says of one lease, or a replica of many, or that nothing came. */
  async #says(question: Uint8Array, parts: object[] | undefined): Promise<object> {
    const { last_by_subj, multi_last } = JSON.parse(Buffer.from(question).toString()) as Question
    const wanted = multi_last ?? [last_by_subj ?? '']
    const all = await this.#request('reads', () => wanted.flatMap((subject) => this.#world.find(subject)))
    if (!all) return NO_ANSWER
    if (!parts) return { data: Buffer.from(JSON.stringify(all[0] ? asLeaderSays(all[0]) : NOT_FOUND)) }
    parts.push(...all.map(asReplicaSays))
    return END_OF_BATCH
  }

  async #write(subject: string, data: Uint8Array, fields: Readonly<Record<string, string>>): Promise<StreamWord> {
    const world = this.#world
    const write = () => {
      const lives = fields['Nats-TTL'] === undefined ? Number.POSITIVE_INFINITY : MAX.leaseMs
      const until = GONE.name in fields ? null : world.nowMs + lives
      const key = subject.slice(KEYS_AT)
      const owner = world.whoIsSure(Number(key.split('.').at(-1)))
      const expect = Number(fields['Nats-Expected-Last-Subject-Sequence'])
      const word = world.write(key, { value: new TextDecoder().decode(data), until }, expect)
      if (word.kind === 'stored' && owner !== undefined && owner !== this.id)
        world.stolen.push(`${key} of ${owner} by ${this.id}`)
      return word
    }
    return (await this.#request('writes', write)) ?? { ...NO_ANSWER, kind: 'unknown' }
  }

  #bus(): Bus {
    const bus: Offered = {
      names: NAMES,
      nc: { isClosed: () => false },
      log: { warn: () => {}, debug: () => {} },
      acked: { publish: (subject, data, fields) => this.#write(subject, data, fields) },
      replies: { ask: (_, question, { parts } = {}) => this.#says(question, parts) },
    }
    return bus as unknown as Bus
  }

  /** Fenced: it gives one partition up. */
  giveUp(partition: number): void {
    void this.#holder?.then((holder) => holder.giveUp(partition))
  }

  stop(): void {
    this.state = 'stops'
    void this.#holder?.then((holder) => holder[Symbol.asyncDispose]())
  }

  hang(): void {
    this.state = 'hangs'
  }

  goOn(): void {
    this.state = 'lives'
    for (const go of this.#goesOn.splice(0)) go()
  }
}
