import { MAX } from '@switchboard/contracts/limits'
import { PARTITIONS } from '@switchboard/contracts/partition'
import { pause } from '@switchboard/runtime/deadline'
import { assign } from './assignment.ts'
import type { Bus } from './connect.ts'
import { isInfrastructure } from './infrastructure.ts'
import { type Lease, LIVES_MAX, Renewals, readLease, readLeases, releaseLease, writeLease } from './lease.ts'

export interface PartitionOptions {
  /** The service whose pods share the partitions. */
  readonly group: 'router' | 'storage'
  /** This incarnation of this pod. */
  readonly id: string
  /**
   * Called when a partition becomes ours. What it returns is disposed when it is not any more. `isSure` is true while nobody else
   * can have it: the lease was renewed less than its life ago. A process that was stopped goes on without being sure.
   */
  readonly gained: (partition: number, isSure: () => boolean) => AsyncDisposable
  /** How many are held, whenever that changes. */
  readonly changed?: (held: number) => void
  readonly crash: (error: unknown) => void
  /** How many there are, `PARTITIONS` in every installation; a model is as true with a few. */
  readonly partitions?: number
  /** Waits between two looks; a test may put its own time in its place. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds on a clock that nobody sets. */
  readonly steadyMs?: () => number
}

/** In the time that a lease lives. */
const LOOKS = 4

interface Held {
  revision: number
  /** Until then nobody else can have taken it, by our clock. */
  sureUntilMs: number
  readonly work: AsyncDisposable
}

export interface PartitionHolder extends AsyncDisposable {
  /** Gives a partition up at once: its owner was fenced. It is taken again like any other. */
  giveUp(partition: number): Promise<void>
}

/**
 * Holds this pod's share of the partitions by leases. @NOTE The lease decides who tries, never who may write: that is the
 * expected sequence of each publish, and the guard of each write. So it is kept through a NATS election, in which nobody could take it either.
 */
export async function holdPartitions(bus: Bus, options: PartitionOptions): Promise<PartitionHolder> {
  const holder = new Holder(bus, options)
  await holder.begin()
  return holder
}

class Holder implements PartitionHolder {
  readonly #bus: Bus
  readonly #options: PartitionOptions
  readonly #abort = new AbortController()
  readonly #held = new Map<number, Held>()
  /** Their work is ending. That can take longer than a lease lives; until then they must not begin here anew. */
  readonly #ending = new Set<number>()
  readonly #renewals = new Renewals(LIVES_MAX * LOOKS)
  readonly #memberKey: string
  readonly #steadyMs: () => number
  #memberRevision = 0
  /**
   * Looks for which nothing of others is taken. When our own lease has run out, NATS was away, and all the others had no more
   * luck with theirs: what looks free is not.
   */
  #patience = 0
  #looping: Promise<void> = Promise.resolve()

  constructor(bus: Bus, options: PartitionOptions) {
    this.#bus = bus
    this.#options = options
    this.#steadyMs = options.steadyMs ?? (() => performance.now())
    this.#memberKey = `${options.group}.member.${options.id}`
  }

  /** Looks once, so that a pod that starts has its share, and goes on looking. */
  async begin(): Promise<void> {
    try {
      await this.#look()
    } catch (error) {
      if (!isInfrastructure(error)) throw error
      this.#bus.log.warn({ group: this.#options.group, error: String(error) }, 'leases cannot be taken yet')
    }
    this.#looping = this.#loop()
  }

  async giveUp(partition: number): Promise<void> {
    await this.#drop(partition)
    this.#options.changed?.(this.#held.size)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#looping
    await Promise.all([...this.#held.keys()].map((partition) => this.#drop(partition)))
    if (this.#memberRevision > 0) await releaseLease(this.#bus, this.#memberKey, this.#memberRevision)
  }

  async #loop(): Promise<void> {
    const { group, crash, pause: wait = pause } = this.#options
    while (!this.#abort.signal.aborted) {
      try {
        await this.#look()
      } catch (error) {
        if (this.#abort.signal.aborted || this.#bus.nc.isClosed()) return
        if (!isInfrastructure(error)) return crash(error)
        this.#bus.log.warn({ group, error: String(error) }, 'leases could not be renewed, the work goes on')
      }
      await wait(MAX.leaseMs / LOOKS, this.#abort.signal)
    }
  }

  /** Renews what is held, then takes and gives back what the members of the moment say. */
  async #look(): Promise<void> {
    const { group, id, changed, partitions = PARTITIONS } = this.#options
    const leases = this.#renewals.judge(await readLeases(this.#bus, `${group}.>`))
    const isKnown = leases.some(({ key, alive }) => alive && key === this.#memberKey)
    this.#patience = this.#memberRevision > 0 && !isKnown ? LOOKS : Math.max(0, this.#patience - 1)
    const renewals = [...this.#held].map(([partition, holding]) => this.#renew(partition, holding))
    await Promise.all([this.#renewMember(leases), ...renewals])
    const members = leases.filter(({ alive, key }) => alive && key.startsWith(`${group}.member.`))
    const ids = new Set([...members.map(({ value }) => value), id])
    const before = this.#held.size
    const moves = [...assign(partitions, [...ids].sort())].map(async ([partition, owner]) => {
      const known = leases.find(({ key }) => key === this.#keyOf(partition))
      // Ours, and we do not work on it: we were not told that we had taken it.
      const isLeft = known?.alive === true && known.value === id && !this.#held.has(partition)
      if (owner !== id) {
        await this.#drop(partition)
        if (isLeft) await releaseLease(this.#bus, this.#keyOf(partition), known.revision)
      } else if (!this.#held.has(partition) && (isLeft || known?.alive !== true) && this.#patience === 0)
        await this.#take(partition, known)
    })
    await Promise.all(moves)
    if (this.#held.size !== before) changed?.(this.#held.size)
  }

  async #renewMember(known: readonly Lease[]): Promise<void> {
    const key = this.#memberKey
    const expect = this.#memberRevision || (known.find((lease) => lease.key === key)?.revision ?? 0)
    const written = await this.#write(key, expect)
    if (written !== 'busy') this.#memberRevision = written ?? 0
  }

  async #renew(partition: number, holding: Held): Promise<void> {
    const { group, id } = this.#options
    const key = this.#keyOf(partition)
    const sureUntilMs = this.#sureUntilMs()
    const renewed = await this.#write(key, holding.revision)
    if (renewed === 'busy') return
    // It ran out while NATS was away and nobody took it, or our last renewal arrived without our knowing: it is still ours.
    const found = renewed === null ? await readLease(this.#bus, key) : undefined
    const isOurs = found && (!found.alive || found.value === id)
    const revision = renewed ?? (isOurs ? await this.#write(key, found.revision) : null)
    if (revision === 'busy') return
    if (revision !== null) Object.assign(holding, { revision, sureUntilMs })
    else if (this.#held.get(partition) === holding) {
      this.#bus.log.warn({ group, partition }, 'another pod has the lease of this partition')
      await this.#drop(partition)
    }
  }

  async #take(partition: number, known: Lease | undefined): Promise<void> {
    if (this.#ending.has(partition)) return
    const sureUntilMs = this.#sureUntilMs()
    const revision = await this.#write(this.#keyOf(partition), known?.revision ?? 0)
    if (revision === null || revision === 'busy' || this.#abort.signal.aborted || this.#held.has(partition)) return
    const isSure = () => this.#steadyMs() < (this.#held.get(partition)?.sureUntilMs ?? 0)
    this.#held.set(partition, { revision, sureUntilMs, work: this.#options.gained(partition, isSure) })
  }

  /** What is written from now on lives at least until then. */
  #sureUntilMs(): number {
    return this.#steadyMs() + MAX.leaseMs
  }

  async #drop(partition: number): Promise<void> {
    const holding = this.#held.get(partition)
    if (!holding) return
    this.#held.delete(partition)
    this.#ending.add(partition)
    try {
      await holding.work[Symbol.asyncDispose]()
    } finally {
      this.#ending.delete(partition)
    }
    await releaseLease(this.#bus, this.#keyOf(partition), holding.revision)
  }

  #keyOf(partition: number): string {
    return `${this.#options.group}.partition.${partition}`
  }

  #write(key: string, expect: number): Promise<number | null | 'busy'> {
    return writeLease(this.#bus, { key, value: this.#options.id, ttlMs: MAX.leaseMs, expect })
  }
}
