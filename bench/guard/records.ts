import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ratios } from '../measure/statistics.ts'
import type { Table } from '../measure/table.ts'
import type { Machine } from '../record.ts'
import { medianBounds, SERIES } from './judge.ts'
import { GUARDED, OURS } from './ratios.ts'

/** What was recorded of one kind of servers on one kind of machine: on another, work and limit do not grow by the same factor. */
export interface GuardRecord {
  readonly servers: string
  readonly machine: Pick<Machine, 'cpu' | 'cores'>
  readonly at: string
  readonly commit: string
  readonly pairs: number
  readonly ratios: Readonly<Record<string, number>>
}

/** What a ratio is held against. */
export interface Held {
  readonly recorded: number
  /** A ratio that has grown by this much has become worse; all guarded ratios are costs. */
  readonly worse: number
  /** False where nothing was recorded on such a machine: then against the dearest one of all others. */
  readonly isOwn: boolean
}

/** Worse by a fifth. */
const WORSE = 1.2
/** On a machine of another kind than any that was recorded only what leaps is told from what the machine makes of it. */
const WORSE_ELSEWHERE = 1.6

/**
 * The ratios out of the tables of the bench: of each the upper bound of its median, as what is compared with is no surer than what
 * is compared. @throws when one is missing.
 */
export function ratiosOf(tables: readonly Table[]): Record<string, number> {
  const found = GUARDED.map(({ name, figure, limit }) => {
    const table = tables.find(({ title }) => title.startsWith(`guard: ${name},`))
    const row = table?.rows.find((one) => one.figure === figure)
    const [ours, raw] = [row?.of[OURS]?.samples, row?.of[limit]?.samples]
    if (!ours || !raw || ours.length === 0) throw new Error(`the tables have no ratio of ${name}`)
    const all = ratios(ours, raw)
    return [name, medianBounds(all, SERIES.confidence)?.high ?? Math.max(...all)] as const
  })
  return Object.fromEntries(found)
}

export const GUARD_FILE = 'bench/guard.json'

export function readGuardRecords(): readonly GuardRecord[] {
  const path = fileURLToPath(new URL('../guard.json', import.meta.url))
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as GuardRecord[]) : []
}

type Place = Pick<GuardRecord, 'servers' | 'machine'>

const isOf =
  ({ servers, machine }: Place) =>
  (record: GuardRecord) =>
    record.servers === servers && record.machine.cpu === machine.cpu && record.machine.cores === machine.cores

/** What is recorded anew takes the place of what such a machine had; those of all others stay. */
export const withGuardRecord = (records: readonly GuardRecord[], made: GuardRecord): GuardRecord[] => [
  ...records.filter((record) => !isOf(made)(record)),
  made,
]

/** @throws with what is to be done when nothing was recorded on such servers. */
export function heldAgainst(records: readonly GuardRecord[], place: Place, name: string): Held {
  const own = records.find(isOf(place))?.ratios[name]
  if (own !== undefined) return { recorded: own, worse: WORSE, isOwn: true }
  const others = records.filter(({ servers }) => servers === place.servers).flatMap(({ ratios }) => ratios[name] ?? [])
  if (others.length === 0)
    throw new Error(
      `record first: ${GUARD_FILE} has no ratio of ${name} on ${place.servers}; npm run bench -- guard --record`,
    )
  return { recorded: Math.max(...others), worse: WORSE_ELSEWHERE, isOwn: false }
}
