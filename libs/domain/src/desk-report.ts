import type { ReportBy, ReportRow } from '@switchboard/contracts/desk-reports'
import type { Conversation } from '@switchboard/contracts/desks'

/** What a report is made of. */
export type Reported = Pick<
  Conversation,
  'desk' | 'agent' | 'bot' | 'state' | 'entered_at' | 'answered_at' | 'replied_at' | 'ended_at' | 'score' | 'breached'
>

const HOUR_MS = 3_600_000

function keyOf({ desk, agent, entered_at }: Reported, by: ReportBy): string {
  if (by === 'desk') return desk
  if (by === 'agent') return agent ?? ''
  return `${new Date(Math.floor(entered_at / HOUR_MS) * HOUR_MS).toISOString().slice(0, 16)}Z`
}

/** The value that this share of them does not exceed; null without any. */
function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null
}

const spans = (of: readonly Reported[], from: (one: Reported) => number | null, to: (one: Reported) => number | null) =>
  of.flatMap((one) => {
    const [begin, end] = [from(one), to(one)]
    return begin === null || end === null ? [] : [Math.max(0, end - begin)]
  })

function rowOf(key: string, of: readonly Reported[]): ReportRow {
  const waiting = spans(
    of,
    (one) => one.entered_at,
    (one) => one.answered_at,
  )
  const reply = spans(
    of,
    (one) => one.entered_at,
    (one) => one.replied_at,
  )
  const handling = spans(
    of,
    (one) => one.answered_at,
    (one) => one.ended_at,
  )
  const scores = of.flatMap(({ score }) => (score === null ? [] : [score]))
  return {
    key,
    conversations: of.length,
    abandoned: of.filter(({ state, bot, answered_at }) => state === 'closed' && answered_at === null && !bot).length,
    breached: of.filter(({ breached }) => breached.length > 0).length,
    waiting_ms_p50: quantile(waiting, 0.5),
    waiting_ms_p90: quantile(waiting, 0.9),
    first_reply_ms_p50: quantile(reply, 0.5),
    first_reply_ms_p90: quantile(reply, 0.9),
    handling_ms_p50: quantile(handling, 0.5),
    handling_ms_p90: quantile(handling, 0.9),
    rating: scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length,
    ratings: scores.length,
  }
}

/** How it went, one row for each desk, agent or hour, by key. Pure. */
export function reportOf(conversations: readonly Reported[], by: ReportBy): ReportRow[] {
  const groups = Map.groupBy(conversations, (one) => keyOf(one, by))
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, of]) => rowOf(key, of))
}
