import { MAX } from '@switchboard/contracts/limits'
import { PARTITIONS } from '@switchboard/contracts/partition'
import { inStep } from '@switchboard/runtime/deadline'
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
   * can have it: our lease was renewed less than its life ago. A process that was stopped goes on without being sure.
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
const LOOKS = MAX.leaseMs / MAX.leaseLookMs
/** After something has changed, all records are read this often: words of it may be on their way. */
const LOOKS_MOVING = 2 * LOOKS
/** At rest, one look of so many reads all records, and the others only who lives. */
const LOOKS_AT_REST = 3 * LOOKS

interface Held {
  revision: number
  /** In which it was written last: what was written in an earlier one may have been taken since. */
  tenure: number
  readonly work: AsyncDisposable
}

export interface PartitionHolder extends AsyncDisposable {
  /** Gives a partition up at once: its owner was fenced. It is taken again like any other. */
  giveUp(partition: number): Promise<void>
}

/**
 * Holds this pod's share of the partitions. A pod has one lease, which it renews; each partition has a record that names its pod,
 * written when it is taken or given back, and good for as long as that pod's lease lives. @NOTE The lease decides who tries, never who
 * may write: that is the expected sequence of each publish, and the guard of each write. So partitions are kept through a NATS
 * election, in which nobody could take them either.
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
  /** The time in which our lease never ran out, counted: others may have taken what we had before it. */
  #tenure = 0
  /** Until then our lease lives, by our clock. */
  #sureUntilMs = Number.NEGATIVE_INFINITY
  /**
   * Looks for which nothing of others is taken. When our own lease has run out, NATS was away, and all the others had no more
   * luck with theirs: what looks free is not.
   */
  #patience = 0
  #looping: Promise<void> = Promise.resolve()
  /** How everything stood in the last look, and for how many looks it has stood so. */
  readonly #rest = { as: '', looks: 0 }

  constructor(bus: Bus, options: PartitionOptions) {
    this.#bus = bus
    this.#options = options
    this.#steadyMs = options.steadyMs ?? (() => performance.now())
    this.#memberKey = this.#keyOfMember(options.id)
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
    const { group, crash, pause: wait = inStep } = this.#options
    while (!this.#abort.signal.aborted) {
      try {
        await this.#look()
      } catch (error) {
        if (this.#abort.signal.aborted || this.#bus.nc.isClosed()) return
        if (!isInfrastructure(error)) return crash(error)
        this.#rest.looks = 0
        this.#bus.log.warn({ group, error: String(error) }, 'leases could not be renewed, the work goes on')
      }
      await wait(MAX.leaseLookMs, this.#abort.signal)
    }
  }

  /** Renews our lease, holds on to what is ours, then takes and gives back what the members of the moment say. */
  async #look(): Promise<void> {
    const { group, id, partitions = PARTITIONS } = this.#options
    const { looks } = this.#rest
    const isWhole = looks < LOOKS_MOVING || looks % LOOKS_AT_REST === 0
    const reading = readLeases(this.#bus, isWhole ? `${group}.>` : this.#keyOfMember('>'))
    const { found, isKept } = isWhole ? { found: await reading, isKept: true } : await this.#renewMeanwhile(reading)
    const members = this.#renewals.judge(found.filter(({ key }) => key.startsWith(this.#keyOfMember(''))))
    const living = new Set(members.flatMap(({ alive, value }) => (alive ? [value] : [])))
    const isLost = this.#memberRevision > 0 && !living.has(id)
    this.#patience = isLost || !isKept ? LOOKS : Math.max(0, this.#patience - 1)
    if (isWhole) await this.#renewMember()
    living.add(id)
    const owners = assign(partitions, [...living].sort())
    if (this.#isAtRest(living, owners) && !isWhole) return
    const all = isWhole ? found : await readLeases(this.#bus, `${group}.>`)
    await this.#share(living, owners, new Map(all.map((lease) => [lease.key, lease])))
  }

  /**
   * At rest both go out together, and the process wakes half as often. What is read may then be from after the renewal, so that
   * only the renewal knows whether our lease had run out. @returns isKept, false if it had
   */
  async #renewMeanwhile(reading: Promise<Lease[]>): Promise<{ found: Lease[]; isKept: boolean }> {
    const tenure = this.#tenure
    const [found] = await Promise.all([reading, this.#renewMember()])
    return { found, isKept: this.#tenure === tenure }
  }

  /**
   * Whether all stands as it did in the look before: who lives, and that we have what is ours. Then nobody has a reason to write a
   * record. @NOTE All records in each look were 85 a second for each pod, in a system in which nothing happens.
   */
  #isAtRest(living: ReadonlySet<string>, owners: ReadonlyMap<number, string>): boolean {
    const rest = this.#rest
    const own = [...owners].filter(([, owner]) => owner === this.#options.id)
    const isWhole = own.every(([partition]) => this.#held.get(partition)?.tenure === this.#tenure)
    const as = `${this.#tenure} ${[...living].sort().join()}`
    const isSame = as === rest.as && isWhole && this.#held.size === own.length && this.#patience === 0
    Object.assign(rest, { as, looks: isSame ? rest.looks + 1 : 0 })
    return isSame
  }

  async #share(
    living: ReadonlySet<string>,
    owners: ReadonlyMap<number, string>,
    records: ReadonlyMap<string, Lease>,
  ): Promise<void> {
    const { id, changed } = this.#options
    const before = this.#held.size
    await Promise.all([...this.#held].map(([partition, holding]) => this.#holdOn(partition, holding, records)))
    const moves = [...owners].map(async ([partition, owner]) => {
      const known = records.get(this.#keyOf(partition))
      // Ours, and we do not work on it: we were not told that we had taken it.
      const isLeft = known?.alive === true && known.value === id && !this.#held.has(partition)
      const isFree = known?.alive !== true || !living.has(known.value)
      if (owner !== id) {
        await this.#drop(partition)
        if (isLeft) await releaseLease(this.#bus, this.#keyOf(partition), known.revision)
      } else if (!this.#held.has(partition) && (isLeft || isFree) && this.#patience === 0)
        await this.#take(partition, known)
    })
    await Promise.all(moves)
    if (this.#held.size !== before) changed?.(this.#held.size)
  }

  async #renewMember(): Promise<void> {
    const key = this.#memberKey
    const lease = { key, value: this.#options.id, ttlMs: MAX.leaseMs }
    const sinceMs = this.#steadyMs()
    let written = await writeLease(this.#bus, { ...lease, expect: this.#memberRevision })
    let ranOut = false
    if (written === null) {
      // It ran out, or our last renewal arrived without our knowing, which it could only do before it ran out.
      const found = await readLease(this.#bus, key)
      ranOut = !found?.alive
      written = await writeLease(this.#bus, { ...lease, expect: found?.revision ?? 0 })
    }
    if (written === null || written === 'busy') return
    // The word of the servers counts as well: the clock of a machine that was suspended stood still.
    if (ranOut || this.#steadyMs() >= this.#sureUntilMs) this.#tenure += 1
    this.#memberRevision = written
    this.#sureUntilMs = sinceMs + MAX.leaseMs
  }

  /**
   * Writes a record anew when our lease had run out, or when somebody else has written it: others who saw us dead try to write it as
   * well, and one of us fails.
   */
  async #holdOn(partition: number, holding: Held, records: ReadonlyMap<string, Lease>): Promise<void> {
    const { group, id } = this.#options
    const key = this.#keyOf(partition)
    const record = records.get(key)
    const isTaken = record !== undefined && record.revision > holding.revision && record.value !== id
    const tenure = this.#tenure
    if (holding.tenure === tenure && !isTaken) return
    const renewed = await this.#write(key, holding.revision)
    if (renewed === 'busy') return
    // Nobody has it, or our last writing arrived without our knowing: it is still ours.
    const found = renewed === null ? await readLease(this.#bus, key) : undefined
    const isOurs = found && (!found.alive || found.value === id)
    const revision = renewed ?? (isOurs ? await this.#write(key, found.revision) : null)
    if (revision === 'busy') return
    if (revision !== null) Object.assign(holding, { revision, tenure })
    else if (this.#held.get(partition) === holding) {
      this.#bus.log.warn({ group, partition }, 'another pod has this partition')
      await this.#drop(partition)
    }
  }

  async #take(partition: number, known: Lease | undefined): Promise<void> {
    if (this.#ending.has(partition)) return
    const tenure = this.#tenure
    const revision = await this.#write(this.#keyOf(partition), known?.revision ?? 0)
    if (revision === null || revision === 'busy' || this.#abort.signal.aborted || this.#held.has(partition)) return
    const isSure = () => this.#held.get(partition)?.tenure === this.#tenure && this.#steadyMs() < this.#sureUntilMs
    this.#held.set(partition, { revision, tenure, work: this.#options.gained(partition, isSure) })
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

  #keyOfMember(id: string): string {
    return `${this.#options.group}.member.${id}`
  }

  #keyOf(partition: number): string {
    return `${this.#options.group}.partition.${partition}`
  }

  #write(key: string, expect: number): Promise<number | null | 'busy'> {
    return writeLease(this.#bus, { key, value: this.#options.id, expect })
  }
}
