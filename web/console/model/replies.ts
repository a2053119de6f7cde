import type { CannedReply, ReplyActions } from '@switchboard/contracts/desk-people'
import type { Conversation } from '@switchboard/contracts/desks'

/** Shown at a time: whoever wants another one writes more of it. */
const SHOWN_MAX = 8
const PLACEHOLDER = /\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}/g

/** What is looked for among the replies: what stands behind a slash that begins the text; null while none does. */
export const wantedReply = (text: string): string | null =>
  text.startsWith('/') && !text.includes('\n') ? text.slice(1) : null

/** Those that have all the words, the one with this shortcut first, then those whose title or shortcut begins so. */
export function matching(replies: readonly CannedReply[], wanted: string): CannedReply[] {
  const query = wanted.trim().toLocaleLowerCase()
  const words = query.split(/\s+/).filter(Boolean)
  const ranked = replies.flatMap((reply) => {
    const names = [reply.shortcut ?? '', reply.title].map((name) => name.toLocaleLowerCase())
    const all = [...names, reply.text.toLocaleLowerCase()].join('\n')
    if (!words.every((word) => all.includes(word))) return []
    const rank = names[0] === query ? 0 : names.some((name) => name !== '' && name.startsWith(query)) ? 1 : 2
    return [{ reply, rank }]
  })
  return ranked
    .sort((a, b) => a.rank - b.rank || a.reply.title.localeCompare(b.reply.title))
    .slice(0, SHOWN_MAX)
    .map(({ reply }) => reply)
}

/** `{{visitor.name}}` and the like, by what is known; what is not stays, for the agent to write over. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(PLACEHOLDER, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? whole) : whole))

/** Where the first placeholder stands that nothing filled. */
export function blankIn(text: string): { readonly from: number; readonly to: number } | null {
  const index = text.search(PLACEHOLDER)
  if (index === -1) return null
  return { from: index, to: text.indexOf('}}', index) + 2 }
}

/** What a macro does besides, each by its own method. */
export type Step =
  | { readonly method: 'desk.tag'; readonly rest: { readonly tags: string[] } }
  | { readonly method: 'desk.priority'; readonly rest: { readonly priority: Conversation['priority'] } }
  | { readonly method: 'desk.transfer'; readonly rest: { readonly to: NonNullable<ReplyActions['transfer']> } }
  | { readonly method: 'desk.snooze'; readonly rest: { readonly until: number } }
  | { readonly method: 'desk.close'; readonly rest: Record<string, never> }

/** In the order in which they are done. Of those after which it is not one's own business any more, only one. */
export function stepsOf(actions: ReplyActions, { tags }: Pick<Conversation, 'tags'>, now: number): Step[] {
  const steps: Step[] = []
  const added = actions.tags?.filter((tag) => !tags.includes(tag)) ?? []
  if (added.length > 0) steps.push({ method: 'desk.tag', rest: { tags: [...tags, ...added] } })
  if (actions.priority) steps.push({ method: 'desk.priority', rest: { priority: actions.priority } })
  if (actions.close) steps.push({ method: 'desk.close', rest: {} })
  else if (actions.transfer) steps.push({ method: 'desk.transfer', rest: { to: actions.transfer } })
  else if (actions.snooze_seconds !== undefined)
    steps.push({ method: 'desk.snooze', rest: { until: now + actions.snooze_seconds * 1_000 } })
  return steps
}

/** The same in words, before it is sent. */
export function actionWords(actions: ReplyActions, nameOf: (user: string) => string): string[] {
  const { tags = [], priority, close, transfer, snooze_seconds } = actions
  const words = tags.map((tag) => `tag “${tag}”`)
  if (priority) words.push(`priority ${priority}`)
  if (close) words.push('close')
  else if (transfer) words.push(`hand on to ${'agent' in transfer ? nameOf(transfer.agent) : transfer.desk}`)
  else if (snooze_seconds !== undefined) words.push(`snooze for ${Math.max(1, Math.round(snooze_seconds / 60))} min`)
  return words
}
