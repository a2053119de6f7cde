import type { EventSeen, JournalRecord, Operation, Seen } from './records.ts'
import { FATES, type Step } from './simulated-dice.ts'

interface Room {
  readonly id: string
  readonly events: EventSeen[]
  readonly members: Set<string>
  readonly marks: Map<string, number>
}

interface Client {
  readonly client: string
  readonly user: string
  isConnected: boolean
  readonly positions: Map<string, number>
}

export const USERS = ['ann', 'ben', 'cem', 'dee', 'eve']
const STEP_MS = 100

const pick = <T>(all: readonly T[], dice: number): T => all[dice % all.length] as T

/** A system that keeps all its promises, and writes down what a run of it would have written. */
export class SimulatedRun {
  readonly records: JournalRecord[] = []
  readonly #rooms: Room[] = []
  readonly #clients: Client[] = USERS.flatMap((user, i) =>
    ['a', 'b'].map((device) => ({
      ...{ client: `p${i % 2}-${i}${device}`, user },
      isConnected: false,
      positions: new Map(),
    })),
  )
  #fault: { id: string; name: string; target: string } | undefined
  #nowMs = 1_000_000
  #next = 0

  constructor() {
    for (const user of USERS) this.#write({ type: 'device', user, target: `phone-${user}` })
    for (const client of this.#clients) this.#connect(client, 0)
  }

  step({ what, who, where, how }: Step): void {
    this.#nowMs += STEP_MS
    const client = pick(this.#clients, who)
    const room = this.#rooms.length === 0 ? undefined : pick(this.#rooms, where)
    if (what === 'create' || !room) this.#create(client, how)
    else if (what === 'lose') this.#lose(client)
    else if (what === 'return') this.#comeBack(who, how)
    else if (what === 'fault') this.#toggleFault(how)
    else this.#act(client, room, { what, how })
  }

  #act(any: Client, room: Room, { what, how }: Pick<Step, 'what' | 'how'>): void {
    const able = this.#clients.filter(({ isConnected, user }) => isConnected && room.members.has(user))
    const client = able.includes(any) ? any : able[how % Math.max(1, able.length)]
    if (!client) return
    const other = pick(USERS, how)
    if (what === 'send') this.#command(client, room, { how, operation: this.#sending(room) })
    else if (what === 'burst') this.#burst(client, room, 2 + (how % 3))
    else if (what === 'edit') {
      const own = room.events.filter(({ type, from }) => type === 'message' && from === client.user)
      if (own.length === 0) return
      const { seq } = pick(own, how)
      this.#command(client, room, { how, operation: { ...this.#new(room), name: 'edit', seq, text: 'edited' } })
    } else if (what === 'read') this.#read(client, room, how)
    else if (what === 'add' && !room.members.has(other))
      this.#command(client, room, { how, operation: { ...this.#new(room), name: 'add', user: other } })
    else if (what === 'remove' && room.members.has(other) && room.members.size > 2)
      this.#command(client, room, { how, operation: { ...this.#new(room), name: 'remove', user: other } })
  }

  /** Heals, brings everybody back, and reads everything. */
  finish(): readonly JournalRecord[] {
    this.#nowMs += STEP_MS
    if (this.#fault) this.#toggleFault(0)
    for (const client of this.#clients) this.#connect(client, 0)
    this.#nowMs += 10_000
    const online = new Set(this.#clients.filter(({ isConnected }) => isConnected).map(({ user }) => user))
    for (const { id, events, members } of this.#rooms) {
      for (const source of ['api', 'store', 'log'] as const)
        this.#write({ type: 'final-history', room: id, source, events: [...events] })
      this.#write({ type: 'final-members', room: id, members: [...members] })
      const truth = [...members].filter((user) => online.has(user))
      this.#write({ type: 'final-online', room: id, online: truth, truth })
    }
    for (const { client, user } of this.#clients)
      this.#write({ type: 'final-list', user, client, rooms: this.#list(user) })
    return this.records
  }

  #list(user: string) {
    return this.#rooms
      .filter(({ members }) => members.has(user))
      .map((room) => ({ room: room.id, head: room.events.length, ...this.#mark(room, user) }))
  }

  #mark(room: Room, user: string) {
    const read = room.marks.get(user) ?? 0
    return { read, unread: (room.events.at(-1)?.n ?? 0) - (room.events[read - 1]?.n ?? 0) }
  }

  #create(client: Client, how: number): void {
    if (!client.isConnected) return
    const members = USERS.filter((_, i) => i < 2 || (how >> i) % 2 === 0)
    const cid = `c${this.#next++}`
    const id = `room${this.#rooms.length}`
    const attempt = this.#invoke(client, { name: 'create', cid, kind: 'group', members })
    const room: Room = { id, events: [], members: new Set(), marks: new Map() }
    this.#rooms.push(room)
    const all = [...new Set([client.user, ...members])]
    this.#happen(room, { type: 'room.created', from: client.user, cid, members: all })
    this.#answer(attempt, { outcome: 'ok', seq: 1, room: id })
  }

  #new = (room: Room) => ({ cid: `c${this.#next++}`, room: room.id })
  #sending = (room: Room) => ({ ...this.#new(room), name: 'send' as const, text: `text ${this.#next}` })

  #command(client: Client, room: Room, { operation, how }: { operation: WithCid; how: number }): void {
    const { done, first, again } = pick(FATES, how >> 3)
    const attempt = this.#invoke(client, operation)
    const seq = done ? this.#apply(room, client, operation) : 0
    this.#answer(attempt, first === 'ok' ? { outcome: 'ok', seq } : { outcome: first, code: 'a code' })
    if (again) this.#answer(this.#invoke(client, operation), { outcome: 'ok', seq })
  }

  /** Several at once on one connection. Answers may come in any order, what happens may not. */
  #burst(client: Client, room: Room, count: number): void {
    const all = Array.from({ length: count }, () => {
      const operation = this.#sending(room)
      return { operation, attempt: this.#invoke(client, operation), seq: 0 }
    })
    for (const one of all) one.seq = this.#apply(room, client, one.operation)
    for (const { attempt, seq } of all.reverse()) this.#answer(attempt, { outcome: 'ok', seq })
  }

  #apply(room: Room, { user }: Client, operation: WithCid): number {
    const { cid } = operation
    if (operation.name === 'send') this.#happen(room, { type: 'message', from: user, cid, text: operation.text })
    if (operation.name === 'edit')
      this.#happen(room, { type: 'message.edited', from: user, cid, target: operation.seq, text: operation.text })
    if (operation.name === 'add') this.#happen(room, { type: 'member.added', from: user, cid, user: operation.user })
    if (operation.name === 'remove')
      this.#happen(room, { type: 'member.removed', from: user, cid, user: operation.user })
    return room.events.length
  }

  #happen(room: Room, draft: Omit<EventSeen, 'seq' | 'n'>): void {
    const seq = room.events.length + 1
    const isMessage = draft.type === 'message'
    const event: EventSeen = { ...draft, seq, n: (room.events.at(-1)?.n ?? 0) + (isMessage ? 1 : 0) }
    room.events.push(event)
    const added = draft.type === 'member.added' && draft.user !== undefined ? [draft.user] : (draft.members ?? [])
    for (const user of added) {
      room.members.add(user)
      room.marks.set(user, seq)
      for (const client of this.#clients)
        if (client.user === user && client.isConnected) this.#subscribe(client, room, seq - 1)
    }
    if (isMessage) room.marks.set(draft.from, seq)
    for (const client of this.#clients)
      if (client.isConnected && client.positions.has(room.id)) this.#see(client, room, { event, how: 'live' })
    if (draft.type === 'member.removed' && draft.user !== undefined) this.#removed(room, draft.user)
    if (isMessage) this.#push(room, event)
  }

  #removed(room: Room, user: string): void {
    room.members.delete(user)
    room.marks.delete(user)
    for (const client of this.#clients) if (client.user === user && client.isConnected) this.#unsubscribe(client, room)
  }

  #push(room: Room, { seq, from }: EventSeen): void {
    const told = [...room.members].filter((user) => user !== from && (seq + user.length) % 2 === 0)
    for (const user of told) {
      const push = { type: 'push', provider: 'apns', target: `phone-${user}`, room: room.id, seq, shown: true } as const
      // Without an answer it is sent once more.
      if (seq % 5 === 0) this.#write({ ...push, status: 0 })
      this.#write({ ...push, status: 200 })
    }
  }

  #read(client: Client, room: Room, how: number): void {
    const attempt = this.#invoke(client, { name: 'read', room: room.id, seq: 1 + (how % room.events.length) })
    const before = room.marks.get(client.user) ?? 0
    room.marks.set(client.user, Math.max(before, 1 + (how % room.events.length)))
    const mark = this.#mark(room, client.user)
    this.#answer(attempt, { outcome: 'ok', ...mark })
    for (const other of this.#clients)
      if (other.user === client.user && other !== client && other.isConnected)
        this.#write({ type: 'mark', client: other.client, user: other.user, room: room.id, ...mark })
  }

  #lose(client: Client): void {
    if (!client.isConnected) return
    client.isConnected = false
    this.#write({ type: 'connection', client: client.client, user: client.user, state: 'lost', code: 3012 })
  }

  #comeBack(who: number, how: number): void {
    const away = this.#clients.filter(({ isConnected }) => !isConnected)
    if (away.length > 0) this.#connect(pick(away, who), how)
  }

  #connect(client: Client, how: number): void {
    if (client.isConnected) return
    client.isConnected = true
    this.#write({ type: 'connection', client: client.client, user: client.user, state: 'connected' })
    for (const room of this.#rooms) {
      const position = client.positions.get(room.id)
      if (!room.members.has(client.user)) {
        if (position !== undefined) this.#unsubscribe(client, room)
      } else if (position === undefined) this.#subscribe(client, room, room.events.length)
      else this.#resume(client, room, { position, isReload: how % 3 === 2 })
    }
  }

  #resume(client: Client, room: Room, { position, isReload }: { position: number; isReload: boolean }): void {
    const gap = room.events.slice(position)
    const base = {
      type: 'subscribed',
      client: client.client,
      user: client.user,
      room: room.id,
      from: position,
    } as const
    this.#write(isReload ? { ...base, how: 'reload' } : { ...base, how: 'recovered', gap: gap.length })
    for (const event of gap) this.#see(client, room, { event, how: isReload ? 'history' : 'recovered' })
  }

  #subscribe(client: Client, room: Room, from: number): void {
    client.positions.set(room.id, from)
    this.#write({ type: 'subscribed', client: client.client, user: client.user, room: room.id, how: 'fresh', from })
  }

  #unsubscribe(client: Client, room: Room): void {
    client.positions.delete(room.id)
    this.#write({ type: 'unsubscribed', client: client.client, user: client.user, room: room.id })
  }

  #see(client: Client, room: Room, { event, how }: Pick<Seen, 'event' | 'how'>): void {
    client.positions.set(room.id, event.seq)
    this.#write({ type: 'seen', client: client.client, user: client.user, room: room.id, how, event })
  }

  #toggleFault(how: number): void {
    const names = ['kill', 'freeze', 'blackhole']
    if (this.#fault) this.#write({ type: 'fault', phase: 'healed', ...this.#fault })
    this.#fault = this.#fault ? undefined : { id: `f${this.#next++}`, name: pick(names, how), target: 'router-1' }
    if (this.#fault) this.#write({ type: 'fault', phase: 'begin', ...this.#fault })
  }

  #invoke({ client, user }: Client, operation: Operation) {
    const id = `o${this.#next++}`
    this.#write({ type: 'invoke', id, client, user, operation })
    return { id, client, user }
  }

  #answer(attempt: { id: string; client: string; user: string }, answer: Answer): void {
    this.#write({ type: 'return', ...attempt, ...answer })
  }

  #write(record: WithoutAt<JournalRecord>): void {
    this.#nowMs += 1
    this.records.push({ atMs: this.#nowMs, ...record } as JournalRecord)
  }
}

type WithCid = Exclude<Operation, { name: 'read' | 'create' }>
type WithoutAt<T> = T extends unknown ? Omit<T, 'atMs'> : never
type Answer = Omit<Extract<JournalRecord, { type: 'return' }>, 'type' | 'atMs' | 'id' | 'client' | 'user'>
