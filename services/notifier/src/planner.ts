import type { RoomEvent, RoomKind } from '@switchboard/contracts/events'
import type { Recipient } from '@switchboard/contracts/push-queries'
import type { Device, PushRecord } from '@switchboard/contracts/records'

/** Why somebody gets no push. A closed set: each is a label of a metric and an answer to "why was I not notified?". */
export type SkipReason =
  | 'sender'
  | 'not-member'
  | 'muted'
  | 'already-read'
  | 'mention-only'
  | 'no-device'
  | 'no-sender'
  | 'too-old'

/** Without a user: the message as a whole was not planned for anybody. */
export type Skip = { readonly user?: string; readonly reason: SkipReason; readonly device?: string }

export type Plan = { readonly pushes: readonly PushRecord[]; readonly skips: readonly Skip[] }

export type MessageEvent = Extract<RoomEvent, { type: 'message' }>

/** A message, and the stream sequence of the entry that holds it. */
export type Written = { readonly event: MessageEvent; readonly logSeq: number }

export type PlanInput = Written & {
  readonly room: string
  readonly title: string | null
  readonly kind: RoomKind
  readonly fromName: string
  /** Members of the room, or a page of them, with their devices. */
  readonly recipients: readonly Recipient[]
  /** Whether the room has so many members that only those who are mentioned are told. */
  readonly large: boolean
  /** Providers that this installation can send to. */
  readonly providers: ReadonlySet<Device['provider']>
  readonly delayMs: number
}

/**
 * Who is told of a message, on which devices, and why the others are not. Whether somebody is looking is asked when the push is
 * due and not before: who leaves in that moment, or left an instant ago, would otherwise never hear of the message.
 */
export function plan(input: PlanInput): Plan {
  const pushes: PushRecord[] = []
  const skips: Skip[] = []
  for (const recipient of input.recipients) {
    const reason = skipReason(recipient, input)
    if (reason !== undefined) {
      skips.push({ user: recipient.user, reason })
      continue
    }
    for (const device of recipient.devices) {
      if (input.providers.has(device.provider)) pushes.push(pushFor(recipient, device, input))
      else skips.push({ user: recipient.user, reason: 'no-sender', device: device.device })
    }
  }
  return { pushes, skips }
}

/** People who were mentioned and are no members: they are not told, and that is worth a record. */
export function strangers(event: MessageEvent, members: ReadonlySet<string>): Skip[] {
  const outside = (event.mentions ?? []).filter((user) => !members.has(user) && user !== event.from)
  return outside.map((user) => ({ user, reason: 'not-member' }))
}

// The order is that of what people ask first; the first reason that holds is the one that is recorded.
function skipReason(recipient: Recipient, input: PlanInput): SkipReason | undefined {
  const { event } = input
  if (recipient.user === event.from) return 'sender'
  if (recipient.muted) return 'muted'
  if (recipient.read >= event.seq) return 'already-read'
  if (input.large && !(event.mentions ?? []).includes(recipient.user)) return 'mention-only'
  if (recipient.devices.length === 0) return 'no-device'
  return undefined
}

function pushFor(recipient: Recipient, device: Device, input: PlanInput): PushRecord {
  const { event } = input
  return {
    room: input.room,
    room_title: input.title,
    room_kind: input.kind,
    seq: event.seq,
    log_seq: input.logSeq,
    at: event.at,
    due_at: event.at + input.delayMs,
    from: event.from,
    from_name: input.fromName,
    text: event.text,
    user: recipient.user,
    badge: recipient.badge,
    device,
  }
}

/** What is shown: in a room of two the sender's name says where it comes from, elsewhere the room's title does. */
export function pushWords(record: PushRecord): { readonly title: string; readonly body: string } {
  if (record.room_kind === 'direct' || record.room_title === null) return { title: record.from_name, body: record.text }
  return { title: record.room_title, body: `${record.from_name}: ${record.text}` }
}
