import type { EventSeen, Operation } from '@switchboard/testkit/history/records'
import type { KnownRoom } from './bot-plan.ts'
import type { Outcome } from './operations.ts'

const MESSAGES_MAX = 50
const DONE_MAX = 200

export interface Message {
  readonly seq: number
  readonly isMine: boolean
}

export interface RoomKnowledge {
  readonly room: string
  /** The newest event that any connection of this person has seen. */
  head: number
  isOwner: boolean
  /** As far as the events that were seen tell. */
  readonly members: Set<string>
  /** Connections that are subscribed. */
  readonly clients: Set<string>
  /** The newest ones. */
  readonly messages: Message[]
}

/** An acknowledged command, to be sent again. */
export interface Done {
  readonly operation: Exclude<Operation, { name: 'read' }>
  readonly answer: Outcome
}

/** What one person knows, from all connections together: enough to choose sensible things to do. */
export class Knowledge {
  readonly user: string
  readonly rooms = new Map<string, RoomKnowledge>()
  readonly done: Done[] = []

  readonly #onCreated: (room: KnownRoom) => void

  constructor(user: string, onCreated: (room: KnownRoom) => void) {
    this.user = user
    this.#onCreated = onCreated
  }

  /** Rooms in which this person is, as far as is known. */
  get own(): RoomKnowledge[] {
    return [...this.rooms.values()].filter(({ clients }) => clients.size > 0)
  }

  subscribed(room: string, client: string): void {
    this.#room(room).clients.add(client)
  }

  unsubscribed(room: string, client: string): void {
    this.rooms.get(room)?.clients.delete(client)
  }

  saw(room: string, event: EventSeen): void {
    const known = this.#room(room)
    if (event.seq <= known.head) return
    known.head = event.seq
    for (const member of event.members ?? []) known.members.add(member)
    if (event.type === 'member.added') known.members.add(event.user ?? '')
    if (event.type === 'member.removed') known.members.delete(event.user ?? '')
    if (event.type !== 'message') return
    known.messages.push({ seq: event.seq, isMine: event.from === this.user })
    if (known.messages.length > MESSAGES_MAX) known.messages.shift()
  }

  answered(operation: Operation, answer: Outcome): void {
    if (answer.outcome !== 'ok' || operation.name === 'read') return
    if (this.done.some((one) => one.operation.cid === operation.cid)) return
    if (operation.name === 'create' && answer.room !== undefined) {
      this.#room(answer.room).isOwner = true
      this.#onCreated({ room: answer.room, kind: operation.kind })
    }
    this.done.push({ operation, answer })
    if (this.done.length > DONE_MAX) this.done.shift()
  }

  #room(room: string): RoomKnowledge {
    const known = this.rooms.get(room) ?? {
      room,
      head: 0,
      isOwner: false,
      members: new Set(),
      clients: new Set(),
      messages: [],
    }
    this.rooms.set(room, known)
    return known
  }
}
