import type { Bus } from './connect.ts'
import { decodeJson, encodeJson } from './core.ts'
import { lastMessage } from './leader-read.ts'
import { readPartitionHead } from './log.ts'

/** Of which incarnation of the commands stream, and up to which of its inputs all is applied. */
export interface AppliedUpTo {
  readonly incarnation: string
  readonly floor: number
}

const floorSubject = ({ names }: Bus, partition: number): string => names.bucketKey(names.floors, `${partition}`)

/** Where the next owner of a partition begins: the higher of the floor in the log and the one that the last owner left when it went in peace. @throws when NATS is away. */
export async function storedFloor(bus: Bus, partition: number, incarnation: string): Promise<number> {
  const [head, left] = await Promise.all([
    readPartitionHead(bus, partition),
    lastMessage(bus, bus.names.bucketStream(bus.names.floors), floorSubject(bus, partition)),
  ])
  const inLog = head?.input.incarnation === incarnation ? head.input.floor : 0
  const peace = left ? decodeJson<AppliedUpTo>(left.data) : undefined
  return Math.max(inLog, peace?.incarnation === incarnation ? peace.floor : 0)
}

/** Leaves it to the next owner. @throws when NATS is away: the floor in the log serves as well. */
export async function leaveFloor(bus: Bus, partition: number, left: AppliedUpTo): Promise<void> {
  await bus.js.publish(floorSubject(bus, partition), encodeJson(left))
}
