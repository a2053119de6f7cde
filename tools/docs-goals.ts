import { type Spread, spreadOf } from '../bench/measure/statistics.ts'
import { shortly, spreadText, type Table } from '../bench/measure/table.ts'
import type { Recorded } from '../bench/record.ts'
import { table } from './docs-markdown.ts'

const OURS = 'switchboard'

/** One figure and how far it may go. */
export interface Goal {
  readonly goal: string
  /** Left out where no bench measures it. */
  readonly where?: {
    readonly bench: string
    /** How the title of the table begins. */
    readonly title: string
    readonly figure: string
    /** The figure itself, ours over the limit's, or what it has more than the limit. */
    readonly of: 'value' | 'ratio' | 'added'
  }
  readonly most?: number
  readonly least?: number
}

const fanOut = (rate: number) => ({ bench: 'fan-out', title: `fan-out: one room of 1000, ${rate} messages/s` })
const rooms = (rate: number) => ({
  bench: rate > 1_000 ? 'many-rooms-busy' : 'many-rooms',
  title: `many-rooms: 200 rooms of 5, ${rate} messages/s`,
})
const manyBack = { bench: 'connect-resume-many', title: 'connect-resume-many: 20000 clients' }
const back = { bench: 'connect-resume', title: 'connect-resume: 5000 clients' }
const SOCKETS = 'CPU µs per delivery, process with the sockets'
const MESSAGE = 'CPU µs per message, all processes'
const [P50, P99] = ['send to receive p50 ms', 'send to receive p99 ms']

const value = (at: { bench: string; title: string }, figure: string) => ({ ...at, figure, of: 'value' as const })
const ratio = (at: { bench: string; title: string }, figure: string) => ({ ...at, figure, of: 'ratio' as const })
const added = (at: { bench: string; title: string }, figure: string) => ({ ...at, figure, of: 'added' as const })

export const GOALS: readonly Goal[] = [
  { goal: 'fan-out to 1,000 at 20/s: CPU over a raw `ws` loop', where: ratio(fanOut(20), SOCKETS), most: 1.15 },
  { goal: 'fan-out to 1,000 at 200/s: CPU over a raw `ws` loop', where: ratio(fanOut(200), SOCKETS), most: 0.5 },
  ...[20, 100, 200].map((rate) => ({
    goal: `fan-out to 1,000 at ${rate}/s: added p99, ms`,
    where: added(fanOut(rate), 'sent to received p99 ms'),
    most: 10,
  })),
  {
    goal: '200 rooms of five at 1,000/s: CPU µs per message, all processes',
    where: value(rooms(1_000), MESSAGE),
    most: 450,
  },
  {
    goal: '200 rooms of five at 3,000/s: CPU µs per message, all processes',
    where: value(rooms(3_000), MESSAGE),
    most: 280,
  },
  { goal: '200 rooms of five, 3,000/s sustained: % held back', where: value(rooms(3_000), 'held back %'), most: 0 },
  { goal: '200 rooms of five at 300/s: send to receive p50, ms', where: value(rooms(300), P50), most: 2 },
  { goal: '200 rooms of five at 300/s: send to receive p99, ms', where: value(rooms(300), P99), most: 10 },
  { goal: '200 rooms of five at 3,000/s: send to receive p50, ms', where: value(rooms(3_000), P50), most: 5 },
  { goal: '200 rooms of five at 3,000/s: send to receive p99, ms', where: value(rooms(3_000), P99), most: 25 },
  {
    goal: 'the router alone: rate over raw pipelined JetStream publishes',
    where: ratio({ bench: 'router', title: 'router alone' }, 'acknowledged/s'),
    least: 0.4,
  },
  {
    goal: 'one hot room: events/s, committed in order',
    where: value({ bench: 'hot-room', title: 'hot-room: one room, 20 writers' }, 'events/s'),
    least: 20_000,
  },
  {
    goal: 'one hot room: publish to ack p99, ms',
    where: value({ bench: 'hot-room', title: 'hot-room: one room, 20 writers' }, 'publish to ack p99 ms'),
    most: 50,
  },
  {
    goal: 'an idle connection at 10,000, on its own channel and in three rooms: KiB of edge memory',
    where: value({ bench: 'idle', title: 'idle: each on their own channel' }, 'KiB per connection'),
    most: 16,
  },
  {
    goal: '100,000 idle connections on one machine, by hand',
    where: value({ bench: 'idle-many', title: 'idle-many: 100000' }, 'connections'),
    least: 100_000,
  },
  {
    goal: '5,000 clients back after `kill -9`: questions to storage for each room',
    where: value(back, 'questions about rooms to storage, per room'),
    most: 1,
  },
  {
    goal: '5,000 clients back after `kill -9`: time over that of bare upgrades',
    where: ratio(back, 'all back after the edge is ready s'),
    most: 2,
  },
  {
    goal: '20,000 clients back after `kill -9`: questions to storage for each room',
    where: value(manyBack, 'questions about rooms to storage, per room'),
    most: 1,
  },
  {
    goal: '20,000 clients back after `kill -9`: time over that of bare upgrades',
    where: ratio(manyBack, 'all back after the edge is ready s'),
    most: 2,
  },
  {
    goal: 'storage: rate over raw `insertMany`',
    where: ratio({ bench: 'storage', title: 'storage: 200 rooms' }, 'events/s'),
    least: 0.7,
  },
  {
    goal: 'pushes: rate over raw HTTP/2',
    where: ratio({ bench: 'push', title: 'push: 8000 at once' }, 'pushes/s'),
    least: 0.7,
  },
  {
    goal: 'a quiet system: % of a core, four services together',
    where: value({ bench: 'idle', title: 'idle: CPU with nobody there' }, '% of a core, the four services'),
    most: 1,
  },
]

/** What was measured of a goal; undefined when its bench is not recorded. @throws when the bench is, and has no such figure. */
export function measuredOf({ goal, where }: Goal, { benches }: Recorded): Spread | undefined {
  const tables = where && benches[where.bench]?.tables
  if (!where || !tables) return undefined
  const found = tables.find(({ title }) => title.startsWith(where.title))
  const row = found?.rows.find(({ figure }) => figure === where.figure)
  const spread = { value: row?.of[OURS], ratio: row?.ratio[OURS], added: found && addedTo(found, where.figure) }[
    where.of
  ]
  if (!spread) throw new Error(`${where.bench} is recorded and has no "${where.figure}" for the goal "${goal}"`)
  return spread
}

/** Ours less the limit's, pair by pair. */
function addedTo({ limit = '', rows }: Table, figure: string): Spread | undefined {
  const of = rows.find((row) => row.figure === figure)?.of
  const [ours, raw] = [of?.[OURS]?.samples, of?.[limit]?.samples]
  return ours && raw && spreadOf(ours.map((one, i) => one - (raw[i] ?? Number.NaN)))
}

export type Outcome = 'met' | 'not met' | 'not measured'

/** By the median. */
export function outcomeOf({ most, least }: Goal, measured: Spread | undefined): Outcome {
  if (!measured) return 'not measured'
  const { median } = measured
  return median <= (most ?? Number.POSITIVE_INFINITY) && median >= (least ?? Number.NEGATIVE_INFINITY)
    ? 'met'
    : 'not met'
}

const boundOf = ({ most, least }: Goal): string =>
  most !== undefined ? `≤ ${bound(most)}` : least !== undefined ? `≥ ${bound(least)}` : ''
const bound = (value: number): string => value.toLocaleString('en')

/** All goals, how far each is reached, and the count of it. */
export function goalsBlock(recorded: Recorded): string {
  const rows = GOALS.map((goal) => {
    const measured = measuredOf(goal, recorded)
    return { goal, measured, outcome: outcomeOf(goal, measured) }
  })
  const count = (wanted: Outcome) => rows.filter(({ outcome }) => outcome === wanted).length
  const cells = rows.map(({ goal, measured, outcome }) => [
    goal.goal,
    boundOf(goal),
    measured ? (measured.min === measured.max ? shortly(measured.median) : spreadText(measured)) : '',
    outcome === 'not met' ? '**not met**' : outcome,
  ])
  const [met, not, unknown] = [count('met'), count('not met'), count('not measured')]
  const said = `Of ${GOALS.length} goals ${met} are met, ${not} are not, ${unknown} are not measured.`
  return `${said}\n\n${table(['Goal', 'Bound', 'Measured', ''], cells)}`
}
