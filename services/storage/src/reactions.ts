/**
 * Reactions of a message as one flat map, `<emoji>:<user>` → a number that only grows: 2·seq, plus 1 while the reaction is on.
 * So `$max` alone keeps the newest word of each person on each emoji, whatever the order and however often it is written.
 */
export type ReactionMarks = Readonly<Record<string, number>>

/** Reactions that one message shows; past it the oldest are left out, so that a page of history stays below one NATS message. */
export const REACTIONS_SHOWN_MAX = 1_000

const UNSAFE = /[%.$:]/g
const ESCAPED = /%([0-9a-f]{2})/g

/** Neither `.` nor `$` may stand in the name of a field, and `:` separates. */
const encodePart = (text: string): string =>
  text.replace(UNSAFE, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`)
const decodePart = (text: string): string =>
  text.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

export const reactionKey = (emoji: string, user: string): string => `${encodePart(emoji)}:${encodePart(user)}`
export const reactionMark = (seq: number, on: boolean): number => 2 * seq + (on ? 1 : 0)

/** Who stands behind each emoji, in the order in which they put it. Undefined when nobody does. */
export function reactionsOf(marks: ReactionMarks | undefined): Record<string, string[]> | undefined {
  const on = Object.entries(marks ?? {})
    .filter(([, mark]) => mark % 2 === 1)
    .sort(([, a], [, b]) => a - b)
    .slice(-REACTIONS_SHOWN_MAX)
  if (on.length === 0) return undefined
  const users = new Map<string, string[]>()
  for (const [key] of on) {
    const [emoji = '', user = ''] = key.split(':').map(decodePart)
    const list = users.get(emoji)
    if (list) list.push(user)
    else users.set(emoji, [user])
  }
  return Object.fromEntries(users)
}
