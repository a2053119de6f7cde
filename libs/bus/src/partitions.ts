import { MAX } from '@switchboard/contracts/limits'
import { PARTITIONS } from '@switchboard/contracts/partition'
import { pause } from '@switchboard/runtime/deadline'
import { assign } from './assignment.ts'
import type { Bus } from './connect.ts'
import { isInfrastructure } from './infrastructure.ts'
import { type Lease, readLeases, releaseLease, writeLease } from './lease.ts'

export interface PartitionOptions {
  /** The service whose pods share the partitions. */
  readonly group: 'router' | 'storage'
  /** This incarnation of this pod. */
  readonly id: string
  /** Called when a partition becomes ours. What it returns is disposed when it is not any more. */
  readonly gained: (partition: number) => AsyncDisposable
  /** How many are held, whenever that changes. */
  readonly changed?: (held: number) => void
  readonly crash: (error: unknown) => void
}

interface Held {
  revision: number
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
  readonly #memberKey: string
  #memberRevision = 0
  #looping: Promise<void> = Promise.resolve()

  constructor(bus: Bus, options: PartitionOptions) {
    this.#bus = bus
    this.#options = options
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
    const { group, crash } = this.#options
    while (!this.#abort.signal.aborted) {
      try {
        await this.#look()
      } catch (error) {
        if (this.#abort.signal.aborted || this.#bus.nc.isClosed()) return
        if (!isInfrastructure(error)) return crash(error)
        this.#bus.log.warn({ group, error: String(error) }, 'leases could not be renewed, the work goes on')
      }
      await pause(MAX.leaseMs / 4, this.#abort.signal)
    }
  }

  /** Renews what is held, then takes and gives back what the members of the moment say. */
  async #look(): Promise<void> {
    const { group, id, changed } = this.#options
    const leases = await readLeases(this.#bus, `${group}.>`)
    const renewals = [...this.#held].map(([partition, holding]) => this.#renew(partition, holding))
    await Promise.all([this.#renewMember(leases), ...renewals])
    const members = leases.filter(({ alive, key }) => alive && key.startsWith(`${group}.member.`))
    const ids = new Set([...members.map(({ value }) => value), id])
    const before = this.#held.size
    const moves = [...assign(PARTITIONS, [...ids].sort())].map(async ([partition, owner]) => {
      if (owner !== id) return this.#drop(partition)
      const known = leases.find(({ key }) => key === this.#keyOf(partition))
      if (!this.#held.has(partition) && known?.alive !== true) await this.#take(partition, known)
    })
    await Promise.all(moves)
    if (this.#held.size !== before) changed?.(this.#held.size)
  }

  async #renewMember(known: readonly Lease[]): Promise<void> {
    const key = this.#memberKey
    const expect = this.#memberRevision || (known.find((lease) => lease.key === key)?.revision ?? 0)
    this.#memberRevision = (await this.#write(key, expect)) ?? 0
  }

  async #renew(partition: number, holding: Held): Promise<void> {
    const { group, id } = this.#options
    const key = this.#keyOf(partition)
    const renewed = await this.#write(key, holding.revision)
    // It ran out while NATS was away and nobody took it, or our last renewal arrived without our knowing: it is still ours.
    const found = renewed === null ? (await readLeases(this.#bus, key)).at(0) : undefined
    const isOurs = found && (!found.alive || found.value === id)
    const revision = renewed ?? (isOurs ? await this.#write(key, found.revision) : null)
    if (revision !== null) holding.revision = revision
    else if (this.#held.get(partition) === holding) {
      this.#bus.log.warn({ group, partition }, 'another pod has the lease of this partition')
      await this.#drop(partition)
    }
  }

  async #take(partition: number, known: Lease | undefined): Promise<void> {
    const revision = await this.#write(this.#keyOf(partition), known?.revision ?? 0)
    if (revision === null || this.#abort.signal.aborted || this.#held.has(partition)) return
    this.#held.set(partition, { revision, work: this.#options.gained(partition) })
  }

  async #drop(partition: number): Promise<void> {
    const holding = this.#held.get(partition)
    if (!holding) return
    this.#held.delete(partition)
    await holding.work[Symbol.asyncDispose]()
    await releaseLease(this.#bus, this.#keyOf(partition), holding.revision)
  }

  #keyOf(partition: number): string {
    return `${this.#options.group}.partition.${partition}`
  }

  #write(key: string, expect: number): Promise<number | null> {
    return writeLease(this.#bus, { key, value: this.#options.id, ttlMs: MAX.leaseMs, expect })
  }
}
