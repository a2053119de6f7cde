import { answerStorage, type StorageHandlers } from '@switchboard/bus/ask'
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson, encodeJson, publish, subscribe, toHeaders } from '@switchboard/bus/core'
import { incarnationOf } from '@switchboard/bus/streams'
import { encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import { refuse } from '@switchboard/contracts/errors'
import type { AnyEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import { partitionOf, streamOf } from '@switchboard/contracts/partition'
import type { ReplyRecord, RoomCommand } from '@switchboard/contracts/records'
import { entityOf } from '@switchboard/contracts/subjects'

interface Room {
  readonly members: Set<string>
  readonly events: AnyEvent[]
  kind: 'group' | 'public' | 'direct'
}

interface NewEntry {
  readonly events: readonly AnyEvent[]
  readonly gone?: readonly string[]
}
type NewEvent = { type: string; from?: string; [field: string]: unknown }

/**
 * The other side of an edge: a router and a storage that do what is asked, in memory, over the real NATS and with real log entries.
 * Small on purpose: it decides nothing, so a test says what happens.
 */
export class World implements Disposable {
  readonly rooms = new Map<string, Room>()
  readonly people = new Map<string, AnyEvent[]>()
  readonly commands: { room: string; command: RoomCommand }[] = []
  /** Questions that storage was asked, by name. */
  readonly asked: string[] = []
  /** Set to answer commands otherwise. */
  answer: ((room: string, command: RoomCommand) => Promise<ReplyRecord | null> | null) | null = null
  /** Overrides the epoch of entries. */
  epoch: string | null = null
  readonly #bus: Bus
  /** Of the newest entry of each subject: the next one names it, as the router's do. */
  readonly #logSeqs = new Map<string, number>()
  readonly #stops: (() => void)[] = []
  #written: Promise<void> = Promise.resolve()

  constructor(bus: Bus) {
    this.#bus = bus
    const commands = subscribe(bus, bus.names.commandsOf(0).replace('.0.', '.*.'), (message) => {
      const { id } = entityOf(message.subject)
      void this.#handle(id, decodeJson<RoomCommand>(message.data))
    })
    const storage = answerStorage(bus, this.#handlers())
    this.#stops.push(
      () => commands.unsubscribe(),
      () => storage[Symbol.dispose](),
    )
  }

  /** Makes a room with these members, and tells them. Its first event is `room.created`. */
  async room(id: string, members: readonly string[], kind: Room['kind'] = 'group'): Promise<void> {
    this.rooms.set(id, { members: new Set(members), events: [], kind })
    const roles = members.map((user) => ({ user, role: 'member' }))
    await this.happen(id, [{ type: 'room.created', kind, members: roles }])
    for (const user of members) await this.tell(user, { type: 'room.added', room: id, kind, room_seq: 1 })
  }

  /** Writes events into a room, as one entry. */
  async happen(room: string, events: readonly NewEvent[], gone: readonly string[] = []): Promise<void> {
    const { events: all } = this.#room(room)
    const made = events.map((event, i) => this.#event(event, all.length + i + 1))
    all.push(...made)
    await this.write('room', room, { events: made, gone })
  }

  async messages(room: string, texts: readonly string[]): Promise<void> {
    for (const text of texts) await this.happen(room, [{ type: 'message', text }])
  }

  /** Writes an event into a person's own channel. */
  async tell(user: string, event: NewEvent): Promise<void> {
    const all = this.people.get(user) ?? []
    this.people.set(user, all)
    const made = this.#event(event, all.length + 1)
    all.push(made)
    await this.write('user', user, { events: [made] })
  }

  async join(room: string, user: string): Promise<void> {
    this.#room(room).members.add(user)
    await this.happen(room, [{ type: 'member.added', user, role: 'member' }])
    const room_seq = this.#room(room).events.length
    await this.tell(user, { type: 'room.added', room, kind: 'group', room_seq })
  }

  async leave(room: string, user: string): Promise<void> {
    this.#room(room).members.delete(user)
    await this.happen(room, [{ type: 'member.removed', user }], [user])
    await this.tell(user, { type: 'room.removed', room, room_seq: this.#room(room).events.length })
  }

  /** Publishes a log entry, as the router does: one after the other. */
  write(kind: 'room' | 'user', id: string, entry: NewEntry): Promise<void> {
    this.#written = this.#written.then(() => this.#write(kind, id, entry))
    return this.#written
  }

  async #write(kind: 'room' | 'user', id: string, { events, gone = [] }: NewEntry) {
    const first = events[0]?.seq ?? 1
    const epoch = this.epoch ?? (await incarnationOf(this.#bus, this.#bus.names.logStream(streamOf(partitionOf(id)))))
    const headers = toHeaders({
      [HEADER.entry]: formatRange({ first, last: first + events.length - 1, n: first, epoch }),
      [HEADER.input]: formatInput({ incarnation: 'i', input: 0, floor: 0 }),
      ...(gone.length > 0 ? { [HEADER.gone]: gone.join(',') } : {}),
    })
    const subject = this.#bus.names.log(kind, id)
    const expect = { lastSubjectSequence: this.#logSeqs.get(subject) ?? 0 }
    const { seq } = await this.#bus.js.publish(subject, encodeEntry(`${kind}:${id}`, events), { headers, expect })
    this.#logSeqs.set(subject, seq)
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop()
  }

  #room(id: string): Room {
    const room = this.rooms.get(id)
    if (!room) throw new Error(`no room ${id}`)
    return room
  }

  #event(event: NewEvent, seq: number): AnyEvent {
    return { seq, n: seq, at: 1_700_000_000_000 + seq, cid: `c${seq}`, from: '$system', ...event } as AnyEvent
  }

  async #handle(room: string, command: RoomCommand): Promise<void> {
    this.commands.push({ room, command })
    const { edge, request } = command.reply ?? { edge: '', request: 0 }
    const own = this.answer?.(room, command)
    const reply = own === null || own === undefined ? await this.#decide(room, command, request) : await own
    if (reply) publish(this.#bus, this.#bus.names.reply(edge), encodeJson({ ...reply, r: request }))
  }

  async #decide(id: string, { method, from, cid, body }: RoomCommand, r: number): Promise<ReplyRecord> {
    if (method === 'room.create') {
      const { members = [], kind } = body as { members?: string[]; kind: Room['kind'] }
      await this.room(id, [from, ...members], kind)
      return { r, ok: { room: id, seq: 1 } }
    }
    const room = this.rooms.get(id)
    if (!room?.members.has(from)) return { r, no: refuse('not_a_member', { field: 'room' }) }
    await this.happen(id, [{ type: 'message', from, cid, ...(body as object) }])
    return { r, ok: { seq: room.events.length, at: 1 } }
  }

  #handlers(): StorageHandlers {
    const handlers = storageHandlers(this)
    const counted = Object.entries(handlers).map(([name, handle]) => [
      name,
      (question: never) => {
        this.asked.push(name)
        return handle(question)
      },
    ])
    return Object.fromEntries(counted) as StorageHandlers
  }
}

/** As many as one page may hold, like the real storage: they travel in one NATS message. */
function withinPage(events: readonly AnyEvent[]): AnyEvent[] {
  let bytes = 0
  return events.filter((event, i) => {
    bytes += JSON.stringify(event).length
    return i === 0 || bytes <= MAX.historyBytes
  })
}

function storageHandlers(world: World): StorageHandlers {
  const listOf = (user: string) => ({
    user,
    head: world.people.get(user)?.length ?? 0,
    rooms: [...world.rooms]
      .filter(([, { members }]) => members.has(user))
      .map(([room, { kind, events }]) => ({
        ...{ room, kind, title: null, role: 'member' as const, head: events.length, read: 0, unread: 0 },
        ...{ members: 1, last: null, at: events.length },
      })),
  })
  const unused = async () => refuse('unavailable')
  return {
    'room.load': unused,
    'user.load': unused,
    'cids.find': unused,
    'messages.facts': unused,
    'desk.load': unused,
    'desk.list': unused,
    'desk.events': unused,
    'desk.own': unused,
    'desk.named': unused,
    'desk.conversations': unused,
    'desk.report': unused,
    'reply.list': unused,
    'reply.put': unused,
    'reply.remove': unused,
    'visitor.put': async () => ({}),
    'conversation.load': unused,
    'events.caused': unused,
    'device.forget': unused,
    'push.recipients': unused,
    'user.rooms': async ({ users }) => ({ lists: users.map(listOf) }),
    'room.history': async ({ room, user, after_seq, before_seq = Number.POSITIVE_INFINITY, limit = 50 }) => {
      const found = world.rooms.get(room)
      if (!found) return user === undefined ? { events: [], head: 0, more: false } : refuse('not_a_member')
      if (user !== undefined && !found.members.has(user)) return refuse('not_a_member', { field: 'room' })
      const range = found.events.filter(({ seq }) => seq > (after_seq ?? 0) && seq < before_seq)
      const events = withinPage(after_seq === undefined ? range.slice(-limit) : range.slice(0, limit))
      return { events, head: found.events.length, more: range.length > events.length }
    },
    'user.events': async ({ user, after_seq, limit }) => {
      const all = world.people.get(user) ?? []
      const events = all.filter(({ seq }) => seq > after_seq).slice(0, limit)
      return { events, head: all.length, more: false }
    },
    'room.members': async () => ({ members: [], more: false }),
    'room.head': async ({ room, user }) => {
      const found = world.rooms.get(room)
      if (!found) return refuse('not_a_member')
      return { head: found.events.length, kind: found.kind, member: found.members.has(user) }
    },
    search: async () => ({ messages: [] }),
    'account.create': async ({ user }) => (user === 'taken' ? refuse('user_taken', { field: 'user' }) : { user }),
    'account.login': async ({ user, password }) =>
      password === 'right password' ? { user, name: user, roles: ['user'] } : refuse('bad_credentials'),
    'device.put': async () => ({}),
    'device.delete': async () => ({}),
    'webhook.put': unused,
    'webhook.remove': unused,
    'webhook.list': unused,
    'webhook.targets': unused,
  }
}
