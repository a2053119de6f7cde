import type { Breach, Conversation, DeskSettings } from '@switchboard/contracts/desks'

type Promises = Pick<DeskSettings, 'waiting_seconds' | 'first_reply_seconds'>

/** The promise of a desk that is broken next, and when; null if none can be any more. Pure. */
export function breachOf(
  settings: Promises | null,
  { state, bot, entered_at, answered_at, replied_at, breached }: Conversation,
): { readonly breach: Breach; readonly at: number } | null {
  // With a bot nobody waits yet: the time counts from when it hands over.
  if (!settings || state === 'closed' || state === 'moved' || bot) return null
  const open: { readonly breach: Breach; readonly at: number }[] = []
  const add = (breach: Breach, seconds: number | null, isKept: boolean) => {
    if (seconds !== null && !isKept && !breached.includes(breach))
      open.push({ breach, at: entered_at + seconds * 1_000 })
  }
  add('waiting', settings.waiting_seconds, answered_at !== null)
  add('first_reply', settings.first_reply_seconds, replied_at !== null)
  return open.sort((a, b) => a.at - b.at).at(0) ?? null
}

/** When a conversation whose visitor says nothing is closed; null where that is not what it waits for. Pure. */
export function idleAt(
  settings: Pick<DeskSettings, 'idle_seconds'> | null,
  { state, visitor_at, agent_at }: Conversation,
): number | null {
  const seconds = settings?.idle_seconds ?? null
  if (seconds === null || state !== 'assigned' || agent_at === null || agent_at < (visitor_at ?? 0)) return null
  return agent_at + seconds * 1_000
}

/** When a conversation that a bot leaves without an answer goes to people; null where none waits for a bot. Pure. */
export function botLateAt(
  settings: Pick<DeskSettings, 'bot_seconds'> | null,
  { state, bot, assigned_at, visitor_at, agent_at }: Conversation,
): number | null {
  if (!settings || !bot || (state !== 'assigned' && state !== 'held')) return null
  const asked = Math.max(assigned_at ?? 0, visitor_at ?? 0)
  return agent_at !== null && agent_at >= asked ? null : asked + settings.bot_seconds * 1_000
}
