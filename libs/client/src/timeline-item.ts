import type { RoomEvent } from '@switchboard/contracts/events'

type MessageEvent = Extract<RoomEvent, { type: 'message' }>

/** A message as its room's history gives it: with what later events did to it. */
type StoredMessage = MessageEvent & {
  readonly edited?: unknown
  readonly deleted?: unknown
  readonly reactions?: Readonly<Record<string, readonly string[]>>
}

export interface MessageItem {
  readonly kind: 'message'
  readonly seq: number
  readonly n: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly from: string
  readonly cid: string
  /** Empty when deleted. */
  readonly text: string
  readonly reply_to?: number
  readonly mentions: readonly string[]
  readonly files: NonNullable<MessageEvent['files']>
  readonly edited: boolean
  readonly deleted: boolean
  /** Users by emoji, in the order in which they reacted. */
  readonly reactions: Readonly<Record<string, readonly string[]>>
  /** Events up to this seq are contained in this item already. */
  readonly as_of: number
}

/** Something that happened in the room other than a message: members, title, and types that this version does not know. */
export interface NoticeItem {
  readonly kind: 'notice'
  readonly seq: number
  readonly n: number
  readonly at: number
  readonly from: string
  readonly event: RoomEvent
}

export type TimelineItem = MessageItem | NoticeItem

/** The event in bytes of a publication or a history page, or null when it has not even a seq and a type. */
export function asRoomEvent(data: unknown): RoomEvent | null {
  if (typeof data !== 'object' || data === null) return null
  const { type, seq } = data as { type?: unknown; seq?: unknown }
  return typeof type === 'string' && Number.isSafeInteger(seq) ? (data as RoomEvent) : null
}

/** The seq of the message that an event changes, or null. */
export function targetOf(event: RoomEvent): number | null {
  const changes =
    event.type === 'message.edited' || event.type === 'message.deleted' || event.type === 'message.reacted'
  return changes ? event.target : null
}

/** `asOf` is the head of the history page that the event came with; a live event is as of itself. */
export function itemOf(event: RoomEvent, asOf: number): TimelineItem | null {
  if (targetOf(event) !== null) return null
  const { seq, n, at, from } = event
  if (event.type !== 'message') return { kind: 'notice', seq, n, at, from, event }
  const stored: StoredMessage = event
  const deleted = Boolean(stored.deleted)
  return {
    kind: 'message',
    seq,
    n,
    at,
    from,
    cid: event.cid,
    text: deleted ? '' : (event.text ?? ''),
    ...(event.reply_to === undefined ? {} : { reply_to: event.reply_to }),
    mentions: event.mentions ?? [],
    files: deleted ? [] : (event.files ?? []),
    edited: !deleted && Boolean(stored.edited),
    deleted,
    reactions: stored.reactions ?? {},
    as_of: Math.max(asOf, seq),
  }
}

/** The message after an event that targets it; the same object when the event is contained in it already. */
export function changedBy(item: MessageItem, event: RoomEvent): MessageItem {
  if (event.seq <= item.as_of) return item
  const as_of = event.seq
  if (event.type === 'message.edited' && !item.deleted) return { ...item, as_of, edited: true, text: event.text }
  if (event.type === 'message.deleted') {
    return { ...item, as_of, deleted: true, edited: false, text: '', files: [], mentions: [], reactions: {} }
  }
  if (event.type === 'message.reacted' && !item.deleted) {
    return { ...item, as_of, reactions: reacted(item.reactions, event) }
  }
  return { ...item, as_of }
}

function reacted(
  before: MessageItem['reactions'],
  { emoji, from, on }: { emoji: string; from: string; on: boolean },
): MessageItem['reactions'] {
  const others = (before[emoji] ?? []).filter((user) => user !== from)
  const users = on ? [...others, from] : others
  if (users.length > 0) return { ...before, [emoji]: users }
  return Object.fromEntries(Object.entries(before).filter(([name]) => name !== emoji))
}
