import type { Breach, Conversation, DeskSettings } from '@switchboard/contracts/desks'
import { agoText } from './moments.ts'

/** What a desk has promised somebody and not yet done. */
export interface Owed {
  readonly what: Breach
  readonly at: number
  /** `soon`: a quarter of the time is left. */
  readonly state: 'due' | 'soon' | 'late'
}

const SOON_PART = 4
const NAMES: Readonly<Record<Breach, string>> = { waiting: 'Taking it', first_reply: 'First reply' }

/** The promise that is due first; null where all are kept, or none was made. */
export function owedTo(
  { state, entered_at, answered_at, replied_at }: Conversation,
  settings: Pick<DeskSettings, 'waiting_seconds' | 'first_reply_seconds'> | null,
  now: number,
): Owed | null {
  if (settings === null || state === 'closed' || state === 'moved') return null
  const owed = (what: Breach, seconds: number | null, keptAt: number | null): Owed[] => {
    if (seconds === null || keptAt !== null) return []
    const ms = seconds * 1_000
    const at = entered_at + ms
    return [{ what, at, state: now >= at ? 'late' : at - now <= ms / SOON_PART ? 'soon' : 'due' }]
  }
  const all = [
    ...owed('waiting', settings.waiting_seconds, answered_at),
    ...owed('first_reply', settings.first_reply_seconds, replied_at),
  ]
  return all.sort((a, b) => a.at - b.at).at(0) ?? null
}

/** As short as it fits beside a name, and in a sentence. */
export function owedText({ what, at, state }: Owed, now: number): { readonly short: string; readonly whole: string } {
  const time = agoText(Math.min(at, now), Math.max(at, now)).replace('now', '<1m')
  const short = state === 'late' ? `${time} late` : `in ${time}`
  return { short, whole: `${NAMES[what]} ${state === 'late' ? `is ${time} late` : `is due in ${time}`}` }
}
