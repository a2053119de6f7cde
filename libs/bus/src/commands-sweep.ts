import { MAX } from '@switchboard/contracts/limits'
import { PARTITIONS, partitionsOf, STREAMS, streamOf } from '@switchboard/contracts/partition'
import type { Bus } from './connect.ts'
import { isInfrastructure } from './infrastructure.ts'
import { nextMessage } from './leader-read.ts'
import { type AppliedUpTo, storedFloor } from './stored-floor.ts'
import { incarnationIn } from './streams.ts'

export interface SweepLimits {
  /** A commands stream that is larger is swept. */
  readonly streamBytes: number
  /** After so many bytes of one partition it is looked at. */
  readonly everyBytes: number
  /** A partition that has been quiet for so long leaves its floor to whoever sweeps. */
  readonly quietMs: number
}

/** A partition looks when it has brought a quarter of its share of the room. */
const LIMITS: SweepLimits = {
  streamBytes: MAX.commandsBytes / STREAMS / 2,
  everyBytes: MAX.commandsBytes / PARTITIONS / 4,
  quietMs: 30_000,
}
/** Subject, headers and sizes that the server keeps with each. */
const RECORD_BYTES = 120

/**
 * Takes from the commands streams what is applied, before they are full. @NOTE Commands stay there for five minutes, applied or
 * not, and a full stream refuses: without this 3,000 a second were answered for four and a half minutes, and then nobody was.
 */
export class CommandsSweep {
  readonly #bus: Bus
  readonly #crash: (error: unknown) => void
  readonly #limits: SweepLimits
  /** Of partitions that are or were ours: what was applied stays applied, also where no log says so yet. */
  readonly #applied = new Map<number, () => AppliedUpTo>()
  readonly #taken = new Map<number, number>()
  readonly #sweeping = new Set<number>()

  constructor(bus: Bus, crash: (error: unknown) => void, limits = LIMITS) {
    this.#bus = bus
    this.#crash = crash
    this.#limits = limits
  }

  get quietMs(): number {
    return this.#limits.quietMs
  }

  /** This partition is ours, and tells what of it is applied. */
  hold(partition: number, applied: () => AppliedUpTo): void {
    this.#applied.set(partition, applied)
  }

  /** A command of this partition was read, so many bytes of it. Nobody waits for what follows from it. */
  took(partition: number, bytes: number): void {
    const taken = (this.#taken.get(partition) ?? 0) + bytes + RECORD_BYTES
    this.#taken.set(partition, taken < this.#limits.everyBytes ? taken : 0)
    const stream = streamOf(partition)
    if (taken < this.#limits.everyBytes || this.#sweeping.has(stream)) return
    this.#sweeping.add(stream)
    void this.#sweep(stream)
      .catch((error) => {
        // The next one comes soon.
        if (!isInfrastructure(error)) this.#crash(error)
      })
      .finally(() => this.#sweeping.delete(stream))
  }

  /**
   * Removes what lies below the first command of any partition that its next owner would still read. Whoever holds the partitions:
   * floors only rise, so what was true when they were read stays true. Should the stream be made anew at this very moment, commands of
   * the new one go, unanswered as those of the old one, and are sent again.
   */
  async #sweep(stream: number): Promise<void> {
    const { jsm, names, log } = this.#bus
    const name = names.commandsStream(stream)
    const info = await jsm.streams.info(name)
    const { state } = info
    if (state.bytes < this.#limits.streamBytes) return
    const incarnation = incarnationIn(info)
    const firsts = await Promise.all(
      partitionsOf(stream).map(async (partition) => {
        const own = this.#applied.get(partition)?.()
        const floor = Math.max(
          await storedFloor(this.#bus, partition, incarnation),
          own?.incarnation === incarnation ? own.floor : 0,
        )
        const from = { seq: floor + 1, subject: names.commandsOf(partition) }
        return (await nextMessage(this.#bus, name, from))?.seq ?? state.last_seq + 1
      }),
    )
    const below = Math.min(state.last_seq + 1, ...firsts)
    if (below <= state.first_seq) return
    const { purged } = await jsm.streams.purge(name, { seq: below })
    log.debug({ stream: name, below, purged }, 'applied commands were removed')
  }
}
