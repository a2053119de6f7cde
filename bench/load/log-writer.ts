import { type Bus, connectBus } from '@switchboard/bus/connect'
import { toHeaders } from '@switchboard/bus/core'
import { ensureStreams, incarnationOf } from '@switchboard/bus/streams'
import { encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import type { RoomEvent } from '@switchboard/contracts/events'
import { partitionOf, streamOf } from '@switchboard/contracts/partition'
import { STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import { createContext } from '@switchboard/runtime/context'
import { stamped } from './clock.ts'

const PUBLISHES_MAX = 256

/** A connection to NATS that says nothing. */
export async function quietBus(url: string, namespace: string): Promise<Bus> {
  const { log } = createContext('bench', {}, { env: { LOG_LEVEL: 'silent' } })
  return connectBus({ url, namespace, service: 'bench', replicas: 1, log })
}

/**
 * Writes a log as routers write it: each room begins with its making, then messages, `entryEvents` in an entry. @returns how many
 * events there are.
 */
export async function writeLog(
  bus: Bus,
  {
    rooms,
    messages,
    entryEvents,
    textChars,
  }: { rooms: readonly string[]; messages: number; entryEvents: number; textChars: number },
): Promise<number> {
  await ensureStreams(bus)
  const epochs = await Promise.all(STREAM_NUMBERS.map((number) => incarnationOf(bus, bus.names.logStream(number))))
  let waiting: Promise<unknown>[] = []
  for (let done = 0; done < messages; done += entryEvents) {
    for (const room of rooms) {
      const events = entryOf(room, { done, count: Math.min(entryEvents, messages - done), textChars })
      const [first, last] = [events[0]?.seq ?? 0, events.at(-1)?.seq ?? 0]
      const epoch = epochs[streamOf(partitionOf(room))] ?? ''
      const headers = toHeaders({
        [HEADER.entry]: formatRange({ first, last, n: last - 1, epoch }),
        [HEADER.input]: formatInput({ incarnation: 'bench', input: last, floor: 0 }),
      })
      waiting.push(bus.js.publish(bus.names.log('room', room), encodeEntry(`room:${room}`, events), { headers }))
      if (waiting.length < PUBLISHES_MAX) continue
      await Promise.all(waiting)
      waiting = []
    }
  }
  await Promise.all(waiting)
  return rooms.length * (messages + 1)
}

/** The messages after the first `done` of a room; before the very first stands the making of the room. */
function entryOf(room: string, part: { done: number; count: number; textChars: number }): RoomEvent[] {
  const from = `${room}-owner`
  const at = Date.now()
  const messages = Array.from({ length: part.count }, (_, i): RoomEvent => {
    const n = part.done + i + 1
    return { type: 'message', seq: n + 1, n, at, from, cid: `${room}-${n}`, text: stamped(part.textChars) }
  })
  if (part.done > 0) return messages
  const members = [{ user: from, role: 'owner' as const }]
  return [{ type: 'room.created', seq: 1, n: 0, at, from, cid: `${room}-0`, kind: 'group', members }, ...messages]
}
