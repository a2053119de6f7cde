import { rangeOf } from './check-commands.ts'
import type { Facts } from './facts.ts'
import type { Seen, Subscribed } from './records.ts'
import { isMemberAt, type RoomFacts, wasRemovedBetween } from './rooms.ts'

/** More rooms than this the server does not subscribe a connection to by itself. */
const SERVER_ROOMS_MAX = 300

/** What one client has of one room. */
interface Stream {
  readonly client: string
  readonly user: string
  readonly room: string
  isOpen: boolean
  /** It has everything up to here, since it began. */
  position: number | undefined
  /** The newest event that came live or recovered since the last subscription. */
  last: number | undefined
  /** While a reload is not yet filled: where that begins which came live behind the hole. */
  fill: { liveFrom: number | undefined } | undefined
  subscribed: Subscribed | undefined
  newest: Seen | undefined
}

/** G2 and G4 as each client sees them: no holes, nothing twice, gaps filled exactly, and everything in the end. */
export function checkDelivery(facts: Facts): void {
  const streams = new Map<string, Stream>()
  const connected = new Map<string, { user: string; isNow: boolean; hasSubscribed: boolean }>()
  const get = ({ client, user, room }: { client: string; user: string; room: string }): Stream => {
    const key = `${client} ${room}`
    const known = streams.get(key)
    if (known) return known
    const none = { position: undefined, last: undefined, fill: undefined, subscribed: undefined, newest: undefined }
    const stream: Stream = { client, user, room, isOpen: false, ...none }
    streams.set(key, stream)
    return stream
  }
  for (const record of facts.records) {
    if (record.type === 'subscribed') {
      const connection = connected.get(record.client)
      if (connection) connection.hasSubscribed = true
      subscribe(facts, get(record), record)
    } else if (record.type === 'unsubscribed') get(record).isOpen = false
    else if (record.type === 'seen' && record.how === 'history') fillIn(facts, get(record), record)
    else if (record.type === 'seen') deliver({ facts, stream: get(record) }, record)
    else if (record.type === 'connection') {
      const hasSubscribed = connected.get(record.client)?.hasSubscribed ?? false
      connected.set(record.client, { user: record.user, isNow: record.state === 'connected', hasSubscribed })
    }
  }
  if (facts.options.withoutFinals) return
  for (const [client, { user, isNow, hasSubscribed }] of connected) {
    if (!isNow || !hasSubscribed) continue
    const rooms = facts.roomsOf.get(user) ?? []
    for (const room of rooms) {
      const stream = streams.get(`${client} ${room.room}`)
      if (room.finals.length === 0 || !isMemberAt(room, user, room.head)) continue
      if (stream) checkEnd({ facts, stream }, room)
      else if (rooms.length <= SERVER_ROOMS_MAX)
        facts.findings.add('not-delivered', `${room.room}: ${client} of ${user}, a member, was never subscribed to it`)
    }
  }
}

interface Following {
  readonly facts: Facts
  readonly stream: Stream
}

function subscribe(facts: Facts, stream: Stream, record: Subscribed): void {
  const { how, from } = record
  const wasOpen = stream.isOpen
  stream.isOpen = true
  stream.fill = undefined
  // Whoever lets go of a room and takes it anew begins anew. Anybody else keeps what they have, and may not skip.
  if (stream.position === undefined || (how === 'fresh' && !wasOpen)) stream.position = from
  else jump(facts, stream, { to: from, record })
  stream.last = how === 'reload' ? undefined : from
  if (how === 'reload') stream.fill = { liveFrom: undefined }
  else stream.position = from
  stream.subscribed = record
  stream.newest = undefined
}

/** Goes on at `to`, which is right only if what lies between is nothing that the client should have been given. */
function jump(facts: Facts, stream: Stream, { to, record }: { to: number; record: Seen | Subscribed }): void {
  const after = stream.position
  if (after === undefined || to <= after) return
  const room = facts.rooms.get(stream.room)
  stream.position = to
  if (record.type === 'subscribed' && room && wasRemovedBetween(room, stream.user, { after, upTo: to })) return
  const message = `${stream.room}: ${stream.client} was never given ${rangeOf(after + 1, to)}`
  facts.findings.add('hole', message, [stream.subscribed, stream.newest, record])
}

function deliver({ facts, stream }: Following, record: Seen): void {
  const { seq } = record.event
  const { last, room, client } = stream
  // Whoever let go of a room, or was removed from it, is not owed anything of it; what comes all the same is checkRemoval's.
  if (!stream.isOpen) return
  if (last !== undefined && seq <= last) {
    const message = `${room}: ${client} was given event ${seq} after ${last} already`
    facts.findings.add('duplicate', message, [stream.subscribed, stream.newest, record])
    return
  }
  checkGap({ facts, stream }, record)
  if (last !== undefined && stream.fill) {
    if (seq > last + 1) holeInLive(facts, stream, record)
  } else if (!stream.fill && stream.position !== undefined && seq > stream.position + 1)
    jump(facts, stream, { to: seq - 1, record })
  stream.last = seq
  stream.newest = record
  if (stream.fill) {
    stream.fill.liveFrom ??= seq
    close(stream)
  } else stream.position = Math.max(stream.position ?? seq, seq)
}

/** The gap is exactly what the answer says: no event of it comes later, and none beyond it was in it. */
function checkGap({ facts, stream }: Following, record: Seen): void {
  const { subscribed, client, room } = stream
  if (record.how !== 'recovered' || subscribed?.how !== 'recovered' || subscribed.gap === undefined) return
  if (record.event.seq <= subscribed.from + subscribed.gap) return
  const told = `${room}: ${client} was told of a gap of ${subscribed.gap} after ${subscribed.from}`
  facts.findings.add('hole', `${told}, and recovered ${record.event.seq}`, [subscribed, record])
}

function holeInLive(facts: Facts, stream: Stream, record: Seen): void {
  const missing = rangeOf((stream.last ?? 0) + 1, record.event.seq - 1)
  const message = `${stream.room}: ${stream.client} was given ${record.event.seq}, and not ${missing}`
  facts.findings.add('hole', message, [stream.newest, record])
}

/** History fills what a reload left open, in order; outside of one it may go on with what an earlier one began. */
function fillIn(facts: Facts, stream: Stream, record: Seen): void {
  const { seq } = record.event
  if (!stream.isOpen || stream.position === undefined || seq <= stream.position) return
  if (stream.fill && seq > stream.position + 1) jump(facts, stream, { to: seq - 1, record })
  if (seq === stream.position + 1) stream.position = seq
  close(stream)
}

/** A reload is filled when history has reached what came live meanwhile. */
function close(stream: Stream): void {
  const { fill, position, last } = stream
  if (fill?.liveFrom === undefined || position === undefined || position + 1 < fill.liveFrom) return
  stream.position = Math.max(position, last ?? 0)
  stream.fill = undefined
}

/** A member who is connected when all is quiet has everything. */
function checkEnd({ facts, stream }: Following, room: RoomFacts): void {
  const { client, position, fill, subscribed, newest } = stream
  const evidence = [subscribed, newest]
  if (!stream.isOpen) {
    facts.findings.add('not-delivered', `${room.room}: ${client}, of a member, is not subscribed to it`, evidence)
  } else if (fill?.liveFrom !== undefined && position !== undefined && position < room.head) {
    const missing = rangeOf(position + 1, fill.liveFrom - 1)
    const message = `${room.room}: ${client} was told to reload after ${position}, and did not get ${missing}`
    facts.findings.add('hole', message, evidence)
  } else if (position === undefined || position < room.head) {
    const message = `${room.room}: ${client} was given nothing after ${position}, and the head is ${room.head}`
    facts.findings.add('not-delivered', message, evidence)
  }
}
