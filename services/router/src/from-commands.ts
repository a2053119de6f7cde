/**
 * channel    commands (JetStream)
 * comes      commands of one partition, in the order of its stream
 * goes       the lane of the entity that each is for
 * guarantee  at least once: read from the floor that the log records; the cid tells what was applied
 * order      per partition
 * acked      never: the floor in the log is the acknowledgement
 */
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson, encodeJson } from '@switchboard/bus/core'
import { type Followed, follow, type StreamRecord } from '@switchboard/bus/follow'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import { readPartitionHead } from '@switchboard/bus/log'
import { incarnationOf } from '@switchboard/bus/streams'
import { MAX } from '@switchboard/contracts/limits'
import { streamOf } from '@switchboard/contracts/partition'
import type { EntityCommand } from '@switchboard/contracts/records'
import { entityOf } from '@switchboard/contracts/subjects'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
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
  readonly bury: Bury
  readonly fenced: (partition: number) => void
  readonly crash: (error: unknown) => void
}

/** One partition while it is ours. */
export interface Partition extends AsyncDisposable {
  /** The lane of a room, for questions. */
  room(id: string): Lane | undefined
}

interface Start {
  readonly incarnation: string
  readonly epoch: string
  readonly floor: number
  /** Last sequence of the stream when we came: what is older was sent to somebody else. */
  readonly last: number
}

export function fromCommands(deps: PartitionDeps, partition: number): Partition {
  const abort = new AbortController()
  const opened = openPartition(deps, partition, abort.signal).catch((error) => {
    deps.crash(error)
    return undefined
  })
  let reading: Reading | undefined
  opened.then((made) => {
    reading = made
  })
  return {
    room: (id) => reading?.lane('room', id),
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await (await opened)?.stop()
    },
  }
}

async function openPartition(
  deps: PartitionDeps,
  partition: number,
  signal: AbortSignal,
): Promise<Reading | undefined> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const start = await findStart(deps.bus, partition)
      deps.events.tookOver(partition, { floor: start.floor, behind: start.last - start.floor })
      return new Reading(deps, { partition, start, signal })
    } catch (error) {
      if (!isInfrastructure(error)) throw error
      await pause(backoffMs(attempt, Math.random), signal)
    }
  }
  return undefined
}

const floorSubject = ({ names }: Bus, partition: number): string => names.bucketKey(names.floors, `${partition}`)

/** Where to begin: the higher of the floor in the log and the one that the last owner left when it went in peace. */
async function findStart(bus: Bus, partition: number): Promise<Start> {
  const stream = bus.names.commandsStream(streamOf(partition))
  const [info, epoch, head, left] = await Promise.all([
    bus.jsm.streams.info(stream),
    incarnationOf(bus, bus.names.logStream(streamOf(partition))),
    readPartitionHead(bus, partition),
    bus.jsm.streams.getMessage(bus.names.bucketStream(bus.names.floors), {
      last_by_subj: floorSubject(bus, partition),
    }),
  ])
  const incarnation = Date.parse(info.created).toString(36)
  const inLog = head?.input.incarnation === incarnation ? head.input.floor : 0
  const peace = left ? decodeJson<{ incarnation: string; floor: number }>(left.data) : undefined
  const floor = Math.max(inLog, peace?.incarnation === incarnation ? peace.floor : 0)
  return { incarnation, epoch, floor, last: info.state.last_seq }
}

class Reading {
  readonly #deps: PartitionDeps
  readonly #partition: number
  readonly #start: Start
  readonly #signal: AbortSignal
  readonly #floor: Floor
  readonly #keys = new Set<string>()
  readonly #follower: Followed

  constructor(deps: PartitionDeps, place: { partition: number; start: Start; signal: AbortSignal }) {
    this.#deps = deps
    this.#partition = place.partition
    this.#start = place.start
    this.#signal = place.signal
    this.#floor = new Floor(place.start.floor)
    const { names } = deps.bus
    this.#follower = follow(deps.bus, {
      stream: names.commandsStream(streamOf(place.partition)),
      filter: names.commandsOf(place.partition),
      from: { seq: place.start.floor + 1, incarnation: place.start.incarnation },
      handle: (record) => this.#take(record),
      crash: deps.crash,
    })
  }

  lane(kind: 'room' | 'user', id: string): Lane {
    const key = `${kind}:${id}`
    this.#keys.add(key)
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
        signal: this.#signal,
      })
    })
  }

  async stop(): Promise<void> {
    await this.#follower[Symbol.asyncDispose]()
    const { lanes, bus } = this.#deps
    await Promise.all([...this.#keys].map((key) => lanes.get(key)?.stop()))
    for (const key of this.#keys) lanes.delete(key)
    const peace = encodeJson({ incarnation: this.#start.incarnation, floor: this.#floor.value })
    await bus.js.publish(floorSubject(bus, this.#partition), peace).catch(() => {
      // The floor in the log serves as well; it only makes the next owner look at a little more.
    })
  }

  #take(record: StreamRecord): void | Promise<void> {
    if (this.#signal.aborted) return
    // The stream was made anew under us: its sequences begin again, and so must everything that counts by them.
    if (record.incarnation !== this.#start.incarnation) return this.#deps.fenced(this.#partition)
    const finish = this.#floor.take(record.seq)
    const { kind, id } = entityOf(record.subject)
    const command = parse(record.data)
    if (!command || (kind !== 'room' && kind !== 'user')) {
      return this.#deps.bury(record, 'not a command').then(finish)
    }
    const isOld = record.seq <= this.#start.last && this.#deps.clock.nowMs() - record.at > MAX.replayAgeMs
    this.#deps.events.taken('commands', this.#floor.inHand)
    this.lane(kind, id).push({
      command,
      input: record.seq,
      stale: isOld,
      bury: (reason) => this.#deps.bury(record, reason),
      finish,
    })
    if (this.#deps.lanes.size > MAX.lanes) this.#deps.lanes.trim(this.#deps.clock.nowMs())
    if (this.#floor.inHand >= MAX.partitionQueue) return this.#floor.below(MAX.partitionQueue / 2)
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
