/**
 * channel    commands (JetStream)
 * comes      commands of one partition, in the order of its stream
 * goes       the lane of the entity that each is for
 * guarantee  at least once: read from the floor that the log records; the cid tells what was applied
 * order      per partition
 * acked      never: the floor in the log is the acknowledgement
 */

import type { CommandsSweep } from '@switchboard/bus/commands-sweep'
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson } from '@switchboard/bus/core'
import { follow, type StreamRecord } from '@switchboard/bus/follow'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import { type AppliedUpTo, leaveFloor, storedFloor } from '@switchboard/bus/stored-floor'
import { incarnationIn, incarnationOf } from '@switchboard/bus/streams'
import { traceOf } from '@switchboard/bus/trace'
import type { EntityKind } from '@switchboard/contracts/ids'
import { MAX } from '@switchboard/contracts/limits'
import { PARTITIONS_EACH, partitionOf, streamOf } from '@switchboard/contracts/partition'
import type { EntityCommand } from '@switchboard/contracts/records'
import { entityOf } from '@switchboard/contracts/subjects'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { InHand, Share } from '@switchboard/runtime/in-hand'
import type { RouterEvents } from './events.ts'
import { Floor } from './floor.ts'
import { Lane } from './lane.ts'
import type { LaneDeps } from './lane-deps.ts'
import type { LaneRegistry } from './lane-registry.ts'
import type { Bury } from './to-dead.ts'

export interface PartitionDeps extends LaneDeps {
  readonly bus: Bus
  readonly events: RouterEvents
  readonly lanes: LaneRegistry
  /** Of all partitions together. */
  readonly hand: InHand
  readonly bury: Bury
  readonly sweep: CommandsSweep
  readonly fenced: (partition: number) => void
  /** A desk of which something was heard. */
  readonly deskHeard: (desk: string) => void
  readonly crash: (error: unknown) => void
}

/** One partition while it is ours. */
export interface Partition extends AsyncDisposable {
  /** The lane of a room, for questions. */
  room(id: string): Lane | undefined
  /** The same of a desk. */
  desk(id: string): Lane | undefined
  /** Aborts when the partition is not ours any more. */
  readonly signal: AbortSignal
}

/** What it means that a partition is ours. */
interface Tenure {
  readonly partition: number
  readonly isSure: () => boolean
}

interface Start {
  readonly incarnation: string
  readonly epoch: string
  readonly floor: number
  /** Last sequence of the stream when we came: what is older was sent to somebody else. */
  readonly last: number
}

export function fromCommands(deps: PartitionDeps, tenure: Tenure): Partition {
  const abort = new AbortController()
  const opened = openPartition(deps, tenure, abort.signal).catch((error) => {
    deps.crash(error)
    return undefined
  })
  let reading: Reading | undefined
  opened.then((made) => {
    reading = made
  })
  return {
    room: (id) => reading?.lane('room', id),
    desk: (id) => reading?.lane('desk', id),
    signal: abort.signal,
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await (await opened)?.stop()
    },
  }
}

async function openPartition(deps: PartitionDeps, tenure: Tenure, signal: AbortSignal): Promise<Reading | undefined> {
  const { partition } = tenure
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const start = await findStart(deps.bus, partition)
      deps.events.tookOver(partition, { floor: start.floor, behind: start.last - start.floor })
      return new Reading(deps, { ...tenure, start, signal })
    } catch (error) {
      if (!isInfrastructure(error)) throw error
      await pause(backoffMs(attempt, Math.random, { max: 1_000 }), signal)
    }
  }
  return undefined
}

async function findStart(bus: Bus, partition: number): Promise<Start> {
  const stream = bus.names.commandsStream(streamOf(partition))
  const [info, epoch] = await Promise.all([
    bus.jsm.streams.info(stream),
    incarnationOf(bus, bus.names.logStream(streamOf(partition))),
  ])
  const incarnation = incarnationIn(info)
  const floor = await storedFloor(bus, partition, incarnation)
  return { incarnation, epoch, floor, last: info.state.last_seq }
}

class Reading {
  readonly #deps: PartitionDeps
  readonly #partition: number
  readonly #start: Start
  readonly #signal: AbortSignal
  readonly #isSure: () => boolean
  readonly #floor: Floor
  readonly #share: Share
  readonly #follower: AsyncDisposable
  #leaving: NodeJS.Timeout | undefined
  /** The floor that was left for others last. */
  #left = 0

  constructor(deps: PartitionDeps, place: Tenure & { start: Start; signal: AbortSignal }) {
    this.#deps = deps
    this.#partition = place.partition
    this.#start = place.start
    this.#signal = place.signal
    this.#isSure = place.isSure
    this.#floor = new Floor(place.start.floor)
    this.#share = deps.hand.share()
    // Whoever waits for what is in hand would wait for ever: nothing of it is finished here any more.
    place.signal.addEventListener('abort', () => this.#letGo(), { once: true })
    deps.sweep.hold(place.partition, () => this.#applied)
    const { names } = deps.bus
    this.#follower = follow(deps.bus, {
      stream: names.commandsStream(streamOf(place.partition)),
      filter: names.commandsOf(place.partition),
      filtersInAll: PARTITIONS_EACH,
      from: { seq: place.start.floor + 1, incarnation: place.start.incarnation },
      handle: (record) => this.#take(record),
      crash: deps.crash,
    })
  }

  lane(kind: EntityKind, id: string): Lane {
    const key = `${kind}:${id}`
    const { incarnation, epoch } = this.#start
    return this.#deps.lanes.take(key, () => {
      const fenced = (entity: string) => {
        this.#deps.events.fenced(this.#partition, entity)
        this.#deps.fenced(this.#partition)
      }
      return new Lane(this.#deps, {
        kind,
        id,
        incarnation,
        epoch,
        fenced,
        floor: () => this.#floor.value,
        isSure: this.#isSure,
        signal: this.#signal,
      })
    })
  }

  async stop(): Promise<void> {
    clearTimeout(this.#leaving)
    await this.#follower[Symbol.asyncDispose]()
    const { lanes, bus, events } = this.#deps
    const own = [...lanes.keys()].filter((key) => partitionOf(key.slice(key.indexOf(':') + 1)) === this.#partition)
    await Promise.all(own.map((key) => lanes.get(key)?.stop()))
    for (const key of own) lanes.delete(key)
    events.inHand(this.#partition, 0)
    await leaveFloor(bus, this.#partition, this.#applied).catch(() => {
      // The floor in the log serves as well; it only makes the next owner look at a little more.
    })
  }

  /**
   * The log's floor never holds the last command, as it was not finished when its entry was written. Of a partition that is quiet
   * nothing else would tell the other routers that all of it is applied, and they would keep everything that came later.
   */
  #leaveSoon(): void {
    this.#leaving ??= setTimeout(() => {
      this.#leaving = undefined
      const applied = this.#applied
      if (this.#signal.aborted || this.#floor.inHand > 0 || applied.floor === this.#left) return
      this.#left = applied.floor
      void leaveFloor(this.#deps.bus, this.#partition, applied).catch(() => {
        this.#left = 0
      })
    }, this.#deps.sweep.quietMs)
  }

  get #applied(): AppliedUpTo {
    return { incarnation: this.#start.incarnation, floor: this.#floor.value }
  }

  #letGo(): void {
    this.#floor.letGo()
    this.#share.end()
  }

  #begin({ seq, data }: StreamRecord): () => void {
    const { events } = this.#deps
    const finish = this.#floor.take(seq)
    const free = this.#share.take(data.byteLength)
    events.taken('commands')
    const count = () => events.inHand(this.#partition, this.#floor.inHand)
    count()
    return () => {
      finish()
      free()
      if (this.#signal.aborted) return
      count()
      if (this.#floor.inHand === 0) this.#leaveSoon()
    }
  }

  #take(record: StreamRecord): void | Promise<void> {
    if (this.#signal.aborted) return
    // The stream was made anew under us: its sequences begin again, and so must everything that counts by them.
    if (record.incarnation !== this.#start.incarnation) return this.#deps.fenced(this.#partition)
    const finish = this.#begin(record)
    this.#deps.sweep.took(this.#partition, record.data.byteLength)
    const { kind, id } = entityOf(record.subject)
    const command = parse(record.data)
    if (!command || (kind !== 'room' && kind !== 'user' && kind !== 'desk')) {
      return this.#deps.bury(record, 'not a command').then(finish)
    }
    const isOld = record.seq <= this.#start.last && this.#deps.clock.nowMs() - record.at > MAX.replayAgeMs
    if (kind === 'desk') this.#deps.deskHeard(id)
    const span = this.#deps.bus.tracing?.begin('router.command', {
      cause: traceOf(record.headers),
      of: command.method,
      attributes: { method: command.method, entity: `${kind}:${id}` },
    })
    this.lane(kind, id).push({
      command,
      input: record.seq,
      span,
      stale: isOld,
      bury: (reason) => this.#deps.bury(record, reason),
      finish: () => {
        finish()
        span?.end()
      },
    })
    if (this.#deps.lanes.size > MAX.lanes) this.#deps.lanes.trim(this.#deps.clock.steadyMs())
    if (this.#floor.inHand >= MAX.partitionQueue) return this.#floor.below(MAX.partitionQueue / 2)
    return this.#share.room()
  }
}

function parse(data: Uint8Array): EntityCommand | undefined {
  try {
    const command = decodeJson<Partial<EntityCommand>>(data)
    const isCommand =
      typeof command.method === 'string' && typeof command.from === 'string' && typeof command.body === 'object'
    return isCommand ? (command as EntityCommand) : undefined
  } catch {
    return undefined
  }
}
