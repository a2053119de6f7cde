import type { Conversation } from '@switchboard/contracts/desks'
import type { RoomEntry } from '@switchboard/contracts/methods'

export const TABS = ['mine', 'waiting', 'team', 'ended'] as const
export type Tab = (typeof TABS)[number]

/** One line of the list: a conversation with what its room says. */
export interface Line {
  readonly conversation: Conversation
  readonly title: string
  readonly preview: string
  readonly unread: number
  /** When something last happened: milliseconds since the epoch. */
  readonly at: number
}

export type Lists = Readonly<Record<Tab, readonly Line[]>>

const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const
const NAME_SIGNS = 4

/** Somebody who gave no name is told apart by the end of their id. */
export const titleOf = ({ title, visitor }: Pick<Conversation, 'title' | 'visitor'>): string =>
  title ?? `Visitor ${visitor.slice(-NAME_SIGNS)}`

function tabOf({ state, agent }: Conversation, me: string): Tab | null {
  if (state === 'moved') return null
  if (state === 'closed') return 'ended'
  if (agent === me) return 'mine'
  return agent === null ? 'waiting' : 'team'
}

export interface ListOptions {
  readonly me: string
  readonly rooms: ReadonlyMap<string, RoomEntry>
}

/** Everything at the desk, by whose it is: one's own by what happened last, who waits by whose turn it is. */
export function listsOf(conversations: Iterable<Conversation>, { me, rooms }: ListOptions): Lists {
  const lists: Record<Tab, Line[]> = { mine: [], waiting: [], team: [], ended: [] }
  for (const conversation of conversations) {
    const tab = tabOf(conversation, me)
    if (tab !== null) lists[tab].push(lineOf(conversation, rooms.get(conversation.conversation)))
  }
  const byRecency = (a: Line, b: Line) => b.at - a.at || compareIds(a, b)
  for (const tab of ['mine', 'team', 'ended'] as const) lists[tab].sort(byRecency)
  lists.waiting.sort(byTurn)
  return lists
}

function lineOf(conversation: Conversation, room: RoomEntry | undefined): Line {
  return {
    conversation,
    title: titleOf(conversation),
    preview: room?.last?.text ?? '',
    unread: room?.unread ?? 0,
    at: Math.max(room?.last?.at ?? 0, room === undefined ? conversation.at : conversation.entered_at),
  }
}

const rank = ({ conversation }: Line): number => PRIORITIES.indexOf(conversation.priority)

function byTurn(a: Line, b: Line): number {
  const [one, other] = [a.conversation, b.conversation]
  return rank(a) - rank(b) || one.entered_at - other.entered_at || one.ticket - other.ticket || compareIds(a, b)
}

const compareIds = (a: Line, b: Line): number => (a.conversation.conversation < b.conversation.conversation ? -1 : 1)

export interface Wanted {
  /** Each of the words must stand somewhere. */
  readonly words: string
  /** Empty: whatever the tags. */
  readonly tag: string
}

/** The lines that one looks for. */
export function found(lines: readonly Line[], wanted: Wanted): readonly Line[] {
  const words = wanted.words.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0 && wanted.tag === '') return lines
  return lines.filter(({ conversation: { conversation, visitor, agent, tags }, title, preview }) => {
    if (wanted.tag !== '' && !tags.includes(wanted.tag)) return false
    const text = [title, preview, conversation, visitor, agent ?? '', ...tags].join(' ').toLocaleLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** Every tag that is in use, in the order of the alphabet. */
export const tagsIn = (conversations: Iterable<Pick<Conversation, 'tags'>>): string[] =>
  [...new Set([...conversations].flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b))

/** The other conversations of the same person, newest first, each as it is by its newest edition. */
export function othersOf(
  { conversation: own, visitor }: Pick<Conversation, 'conversation' | 'visitor'>,
  all: readonly Conversation[],
): Conversation[] {
  const newest = new Map<string, Conversation>()
  for (const one of all) {
    if (one.visitor !== visitor || one.conversation === own) continue
    if (one.edition >= (newest.get(one.conversation)?.edition ?? 0)) newest.set(one.conversation, one)
  }
  return [...newest.values()].sort((a, b) => b.entered_at - a.entered_at)
}

/** The line after or before the chosen one; the first one where none is chosen. */
export function stepped(lines: readonly Line[], chosen: string, step: 1 | -1): string {
  const index = lines.findIndex(({ conversation }) => conversation.conversation === chosen)
  const next = index === -1 ? 0 : Math.min(lines.length - 1, Math.max(0, index + step))
  return lines[next]?.conversation.conversation ?? chosen
}
