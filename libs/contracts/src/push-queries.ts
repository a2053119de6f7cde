import type { Standing } from './desk-events.ts'
import type { Refusal } from './errors.ts'
import type { Role, RoomKind } from './events.ts'
import type { Query } from './queries.ts'
import type { Device } from './records.ts'

/** What the planner needs of one member who may be notified. */
export interface Recipient {
  readonly user: string
  readonly role: Role
  readonly read: number
  readonly read_n: number
  readonly muted: boolean
  /** Rooms with something unread, the one of the message included; 0 for those without a device, as nobody will see it. */
  readonly badge: number
  readonly devices: readonly Device[]
}

/** A room with new messages: the newest `seq` of them, who wrote them and who is mentioned. */
export interface RecipientsAsk {
  readonly room: string
  readonly seq: number
  readonly authors: readonly string[]
  readonly mentions: readonly string[]
  /** Only recipients after this user: the last one of the page before. */
  readonly after?: string
}

/** Recipients by user id, as of `seq` or later. Of a `large` room only those of its members who are mentioned. */
export interface RecipientsPage {
  readonly title: string | null
  readonly kind: RoomKind
  readonly large: boolean
  /** What those of the authors who have a name are called. Empty where nobody can be told. */
  readonly names: Readonly<Record<string, string>>
  readonly recipients: readonly Recipient[]
  readonly more: boolean
  /** Of a conversation. */
  readonly standing?: Standing
}

/** Questions to storage about who is told of messages. */
export interface PushQueries {
  /**
   * Who may be told about messages of these rooms: in the order asked, and as many rooms as fit into one answer, at least one: ask
   * again for the others. A refusal is that of its room alone.
   */
  'push.recipients': Query<{ rooms: readonly RecipientsAsk[] }, { pages: (RecipientsPage | Refusal)[] }>
}
