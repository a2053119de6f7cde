import Type, { type Static } from 'typebox'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const Ms = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description: 'Milliseconds; null without any' })

/** One line of a report: how it went for those who entered. */
export const ReportRow = Type.Object({
  key: Type.String({ description: 'The desk, the agent (empty: nobody), or the hour, `2026-01-31T09:00Z`' }),
  conversations: count('That began'),
  abandoned: count('That ended before anybody was responsible'),
  breached: count('In which a promise of the desk was broken'),
  waiting_ms_p50: Ms,
  waiting_ms_p90: Ms,
  first_reply_ms_p50: Ms,
  first_reply_ms_p90: Ms,
  handling_ms_p50: Ms,
  handling_ms_p90: Ms,
  rating: Type.Union([Type.Number(), Type.Null()], { description: 'Mean, from 1 to 5' }),
  ratings: count('Of which the mean is'),
})
export type ReportRow = Static<typeof ReportRow>

export const ReportBy = Type.Unsafe<'desk' | 'agent' | 'hour'>(
  Type.Union([Type.Literal('desk'), Type.Literal('agent'), Type.Literal('hour')]),
)
export type ReportBy = Static<typeof ReportBy>
