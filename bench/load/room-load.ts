/** A load process: people in rooms, who write at a steady rate or as fast as it goes, and check everything they hear. */
import { type Counts, Histogram } from '../measure/histogram.ts'
import { Faults, type Verdict } from '../measure/void-run.ts'
import { type Address, Attendee, type Tally } from './attendee.ts'
import { DIALECTS, type DialectName, type Member } from './dialect.ts'
import { atRate, openAll, until } from './pace.ts'
import { serveParent } from './worker.ts'

const SETTLE_MS_MAX = 60_000

interface Group {
  readonly attendees: readonly Attendee[]
  readonly tally: Tally
  readonly address: Address
}

export interface Opening {
  readonly group: string
  readonly dialect: DialectName
  readonly url: string
  readonly members: readonly Member[]
  /** One connection in so many reads how old its messages are. */
  readonly timedOneIn: number
}

export interface Firing {
  readonly group: string
  readonly seconds: number
  /** Messages a second; 0: as fast as the bound lets. */
  readonly perSecond: number
  /** Sent and not acknowledged, of this process: past it nothing is sent. */
  readonly inFlightMax: number
  readonly textChars: number
  /** How many of the connections write, in turn; all when left out. */
  readonly writers?: number
}

export interface Fired {
  readonly sent: number
  /** What the rate asked for and the bound did not let. */
  readonly heldBack: number
  readonly seconds: number
  /** The newest seq of each room that was written to. */
  readonly heads: Readonly<Record<string, number>>
}

export interface Settled extends Verdict {
  readonly acked: number
  readonly delivered: number
  readonly acks: Counts
  readonly deliveries: Counts
}

export interface Churning {
  readonly group: string
  readonly perSecond: number
  readonly seconds: number
}

/** Connections on their way at the same time. */
const COMING_MAX = 100

const groups = new Map<string, Group>()

function groupOf(name: string): Group {
  const group = groups.get(name)
  if (!group) throw new Error(`no group ${name} was opened`)
  return group
}

function newTally(): Tally {
  const [acks, deliveries] = [new Histogram(), new Histogram()]
  return { faults: new Faults(), acks, deliveries, acked: 0, delivered: 0, inFlight: 0, retries: 0, heads: new Map() }
}

export const methods = {
  /** Connects them; resolves when all are in their rooms. @returns how often they were told to come back later. */
  open: async ({ group, dialect, url, members, timedOneIn }: Opening): Promise<number> => {
    const { hostname: host, port } = new URL(url)
    const address = { host, port: Number(port) }
    const tally = newTally()
    const attendees = members.map(
      (member, i) => new Attendee({ member, dialect: DIALECTS[dialect], tally, isTimed: i % timedOneIn === 0 }),
    )
    await openAll(attendees, (attendee) => attendee.open(address))
    groups.set(group, { attendees, tally, address })
    return tally.retries
  },

  /** Writes for so long; resolves when everything is acknowledged. */
  fire: async ({ group, seconds, perSecond, inFlightMax, textChars, writers }: Firing): Promise<Fired> => {
    const { attendees, tally } = groupOf(group)
    const writing = attendees.slice(0, writers ?? attendees.length)
    let [sent, turn] = [0, 0]
    const send = (): boolean => {
      if (tally.inFlight >= inFlightMax) return false
      const attendee = writing[turn % writing.length]
      // Who is in many rooms writes to one after the other.
      const rooms = attendee?.member.rooms ?? []
      const room = rooms[Math.floor(turn / writing.length) % rooms.length] ?? ''
      turn += 1
      attendee?.publish(room, textChars)
      sent += 1
      return true
    }
    const from = performance.now()
    const heldBack = await atRate({ perSecond, seconds, send })
    await until(
      () => tally.inFlight === 0 || tally.faults.count > 0,
      SETTLE_MS_MAX,
      () => `${tally.inFlight} messages have no answer`,
    )
    return { sent, heldBack, seconds: (performance.now() - from) / 1_000, heads: Object.fromEntries(tally.heads) }
  },

  /** Resolves when every connection has heard its rooms up to these heads, or something went wrong; begins to count anew. */
  settle: async ({ group, heads }: { group: string; heads: Readonly<Record<string, number>> }): Promise<Settled> => {
    const { attendees, tally } = groupOf(group)
    const isThere = () =>
      attendees.every(({ watches }) => [...watches].every(([room, watch]) => watch.head >= (heads[room] ?? 0)))
    await until(
      () => tally.faults.count > 0 || isThere(),
      SETTLE_MS_MAX,
      () => 'not everything that was acknowledged has come',
    ).catch((error: Error) => tally.faults.add(error.message))
    const { acked, delivered, faults, acks, deliveries } = tally
    const settled = { acked, delivered, faults: faults.count, examples: [...faults.first], acks: [...acks.counts] }
    const all = { ...settled, deliveries: [...deliveries.counts] }
    acks.clear()
    deliveries.clear()
    Object.assign(tally, { acked: 0, delivered: 0 })
    return all
  },

  /** From now on a connection may end by itself: its server is about to die. */
  expectLoss: ({ group }: { group: string }): void => {
    for (const attendee of groupOf(group).attendees) attendee.onLost = () => {}
  },

  /** All come back from where they were; resolves when they are in their rooms again. */
  reopen: async ({ group }: { group: string }): Promise<number> => {
    const { attendees, address, tally } = groupOf(group)
    const before = tally.retries
    await openAll(attendees, (attendee) => attendee.reopen(address))
    for (const attendee of attendees) attendee.onLost = undefined
    return tally.retries - before
  },

  /** People of an open group go and come back, one at a time and in turn. At the end all are there. @returns how often. */
  churn: async ({ group, perSecond, seconds }: Churning): Promise<{ transitions: number }> => {
    const { attendees, address } = groupOf(group)
    const away = new Set<Attendee>()
    const coming = new Set<Promise<void>>()
    let transitions = 0
    const comeBack = (attendee: Attendee) => {
      away.delete(attendee)
      const back = attendee.reopen(address).finally(() => coming.delete(back))
      coming.add(back)
      transitions += 1
    }
    let turn = 0
    const send = () => {
      const attendee = attendees[turn % attendees.length]
      turn += 1
      if (!attendee || coming.size >= COMING_MAX) return false
      if (away.has(attendee)) comeBack(attendee)
      else {
        attendee.close()
        away.add(attendee)
        transitions += 1
      }
      return true
    }
    await atRate({ perSecond, seconds, send })
    await Promise.all(coming)
    for (const attendee of away) comeBack(attendee)
    await Promise.all(coming)
    return { transitions }
  },

  /** Ends all connections of a group. */
  close: ({ group }: { group: string }): void => {
    for (const attendee of groups.get(group)?.attendees ?? []) attendee.close()
    groups.delete(group)
  },
}

serveParent(methods)
