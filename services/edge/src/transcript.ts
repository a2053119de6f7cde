import type { TranscriptReply } from '@switchboard/contracts/http'

interface HistoryEvent {
  readonly type: string
  readonly seq: number
  readonly [field: string]: unknown
}

/** What was said, of the events of a room; what was deleted was not. Pure. */
export const spokenOf = (events: readonly HistoryEvent[]): TranscriptReply['messages'] =>
  events.flatMap(({ type, seq, at, from, text }) =>
    type === 'message' && typeof text === 'string' ? [{ seq, at: Number(at), from: String(from), text }] : [],
  )

/** One paragraph for each message: when, who, what. Pure. */
export function textOf({ messages, more }: TranscriptReply): string {
  const lines = messages.map(({ at, from, text }) => `[${new Date(at).toISOString()}] ${from}: ${text}`)
  return [...lines, ...(more ? ['…'] : [])].map((line) => `${line}\n`).join('')
}
