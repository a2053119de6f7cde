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
  const { group, id } = options
  const abort = new AbortController()
  const held = new Map<number, Held>()
  const member = { key: `${group}.member.${id}`, revision: 0 }
  const keyOf = (partition: number) => `${group}.partition.${partition}`
  const changed = () => options.changed?.(held.size)

  const drop = async (partition: number) => {
    const holding = held.get(partition)
    if (!holding) return
    held.delete(partition)
    await holding.work[Symbol.asyncDispose]()
    await releaseLease(bus, keyOf(partition), holding.revision)
  }
  const renewMember = async (known: readonly Lease[]) => {
    const expect = member.revision || (known.find(({ key }) => key === member.key)?.revision ?? 0)
    member.revision = (await writeLease(bus, { key: member.key, value: id, ttlMs: MAX.leaseMs, expect })) ?? 0
  }
  const renew = async (partition: number, holding: Held) => {
    const lease = { key: keyOf(partition), value: id, ttlMs: MAX.leaseMs }
    const renewed = await writeLease(bus, { ...lease, expect: holding.revision })
    // It ran out while NATS was away and nobody took it, or our last renewal arrived without our knowing: it is still ours.
    const found = renewed === null ? (await readLeases(bus, lease.key)).at(0) : undefined
    const ours = found && (!found.alive || found.value === id)
    const revision = renewed ?? (ours ? await writeLease(bus, { ...lease, expect: found.revision }) : null)
    if (revision !== null) holding.revision = revision
    else if (held.get(partition) === holding) {
      bus.log.warn({ group, partition }, 'another pod has the lease of this partition')
      await drop(partition)
    }
  }
  const take = async (partition: number, known: Lease | undefined) => {
    const revision = await writeLease(bus, {
      key: keyOf(partition),
      value: id,
      ttlMs: MAX.leaseMs,
      expect: known?.revision ?? 0,
    })
    if (revision === null || abort.signal.aborted || held.has(partition)) return
    held.set(partition, { revision, work: options.gained(partition) })
  }
  const look = async () => {
    const leases = await readLeases(bus, `${group}.>`)
    await Promise.all([renewMember(leases), ...[...held].map(([partition, holding]) => renew(partition, holding))])
    const alive = leases
      .filter((lease) => lease.alive && lease.key.startsWith(`${group}.member.`))
      .map(({ value }) => value)
    const assignment = assign(PARTITIONS, [...new Set([...alive, id])].sort())
    const before = held.size
    const moves = [...assignment].map(async ([partition, owner]) => {
      if (owner !== id) return drop(partition)
      const known = leases.find(({ key }) => key === keyOf(partition))
      if (!held.has(partition) && known?.alive !== true) await take(partition, known)
    })
    await Promise.all(moves)
    if (held.size !== before) changed()
  }
  const loop = async () => {
    while (!abort.signal.aborted) {
      try {
        await look()
      } catch (error) {
        if (abort.signal.aborted || bus.nc.isClosed()) return
        if (!isInfrastructure(error)) return options.crash(error)
        bus.log.warn({ group, error: String(error) }, 'leases could not be renewed, the work goes on')
      }
      await pause(MAX.leaseMs / 4, abort.signal)
    }
  }
  await look().catch((error) => {
    if (!isInfrastructure(error)) throw error
    bus.log.warn({ group, error: String(error) }, 'leases cannot be taken yet')
  })
  const looping = loop()
  return {
    giveUp: async (partition) => {
      await drop(partition)
      changed()
    },
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await looping
      await Promise.all([...held.keys()].map(drop))
      if (member.revision > 0) await releaseLease(bus, member.key, member.revision)
    },
  }
}
