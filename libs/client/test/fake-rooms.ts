/** The rooms of the fake edge: enough of the router and of storage for a client to tell no difference. */
type Json = Record<string, unknown>
type Event = Json & { type: string; seq: number; n: number; at: number; from: string; cid: string }
type Publish = (channel: string, pub: Json, except?: string) => void

interface FakeRoom {
  readonly id: string
  readonly kind: string
  title: string | null
  epoch: string
  readonly events: Event[]
  readonly members: Map<string, { role: string; read: number }>
  readonly cids: Map<string, { seq: number; at: number; text: unknown }>
}

const refusal = (code: number, message: string, temporary?: true) => ({
  error: { code, message, ...(temporary ? { temporary } : {}) },
})

export class FakeRooms {
  readonly #rooms = new Map<string, FakeRoom>()
  readonly #publish: Publish
  readonly #accounts = new Map<string, { password: string; name?: string }>()
  #clock = Date.now() - 60_000

  constructor(publish: Publish) {
    this.#publish = publish
  }

  http(path: string, body: string): { status: number; body: Json } {
    const { user, ...account } = JSON.parse(body || '{}') as { user: string; password: string; name?: string }
    if (path === '/v1/accounts') {
      if (this.#accounts.has(user))
        return { status: 409, body: { error: { code: 'user_taken', message: 'An account with this name exists.' } } }
      this.#accounts.set(user, account)
      return { status: 201, body: { user } }
    }
    if (this.#accounts.get(user)?.password !== account.password) {
      return { status: 401, body: { error: { code: 'bad_credentials', message: 'Unknown user or wrong password.' } } }
    }
    return { status: 200, body: { token: user, expires_at: Date.now() + 3_600_000, user } }
  }

  create(id: string, members: readonly string[], kind = 'group'): void {
    const room: FakeRoom = {
      id,
      kind,
      title: id,
      epoch: 'e1',
      events: [],
      members: new Map(members.map((user) => [user, { role: 'member', read: 0 }])),
      cids: new Map(),
    }
    this.#rooms.set(id, room)
    this.#append(room, members[0] ?? '', { type: 'room.created', kind, members: [] })
  }

  /** A message as another client would send it. */
  say(id: string, from: string, text: string): number {
    return this.#append(this.#room(id), from, { type: 'message', text }).seq
  }

  /** What happened was lost and the room begins anew with other contents. */
  renew(id: string, epoch: string): void {
    const room = this.#room(id)
    room.epoch = epoch
    room.events.length = 0
    this.#append(room, 'alice', { type: 'room.created', kind: room.kind, members: [] })
  }

  signal(id: string, data: Json): void {
    this.#publish(`room:${id}`, { data })
  }

  texts(id: string): string[] {
    return this.#room(id)
      .events.filter((event) => event.type === 'message')
      .map((event) => String(event.text))
  }

  of(user: string): string[] {
    return [...this.#rooms.values()].filter((room) => room.members.has(user)).map((room) => room.id)
  }

  position(channel: string): { offset: number; epoch: string } {
    const room = this.#rooms.get(channel.replace('room:', ''))
    return room ? { offset: room.events.length, epoch: room.epoch } : { offset: 0, epoch: 'u' }
  }

  publicationsAfter(channel: string, offset: number): Json[] {
    const room = this.#rooms.get(channel.replace('room:', ''))
    return (room?.events.slice(offset) ?? []).map((event) => ({ data: event, offset: event.seq }))
  }

  rpc(user: string, method: string, data: Json): Json {
    if (method === 'room.list') return { rooms: this.of(user).map((id) => this.#entry(this.#room(id), user)) }
    if (method === 'room.create') return this.#create(user, data)
    const room = this.#rooms.get(String(data.room))
    if (!room?.members.has(user)) return refusal(400, 'not_a_member room: Not a member of this room, or no such room.')
    switch (method) {
      case 'message.send':
        return this.#send(room, user, data)
      case 'room.history':
        return this.#history(room, data)
      case 'mark.read':
        return this.#read(room, user, Number(data.seq))
      case 'message.edit':
        return { seq: this.#append(room, user, { type: 'message.edited', target: data.seq, text: data.text }).seq }
      case 'message.delete':
        return { seq: this.#append(room, user, { type: 'message.deleted', target: data.seq }).seq }
      case 'message.react': {
        const { seq: target, emoji, on } = data
        return { seq: this.#append(room, user, { type: 'message.reacted', target, emoji, on }).seq }
      }
      case 'room.online':
        return { online: [...room.members.keys()], count: room.members.size }
      case 'room.members':
        return {
          members: [...room.members].map(([name, { role, read }]) => ({
            user: name,
            role,
            read,
            since_seq: 1,
            name: this.#accounts.get(name)?.name,
          })),
          more: false,
        }
      case 'room.typing':
        this.#publish(`room:${room.id}`, { data: { type: 'typing', user } })
        return {}
      default:
        return refusal(104, 'method_not_found: No such method.')
    }
  }

  #create(user: string, data: Json): Json {
    const id = `r${this.#rooms.size + 1}`
    this.create(id, [user, ...((data.members as string[] | undefined) ?? [])], String(data.kind))
    this.#room(id).title = (data.title as string | undefined) ?? null
    return { room: id, seq: 1 }
  }

  #send(room: FakeRoom, user: string, data: Json): Json {
    const cid = `${user}/${data.cid}`
    const before = room.cids.get(cid)
    if (before)
      return before.text === data.text ? { seq: before.seq, at: before.at } : refusal(403, 'cid_conflict cid: taken')
    const { seq, at } = this.#append(room, user, { type: 'message', ...data })
    room.cids.set(cid, { seq, at, text: data.text })
    return { seq, at }
  }

  #history(room: FakeRoom, query: Json): Json {
    const {
      before_seq: before,
      after_seq: after,
      limit = 50,
    } = query as { before_seq?: number; after_seq?: number; limit?: number }
    const head = room.events.length
    const end = after === undefined ? Math.min(head, (before ?? head + 1) - 1) : Math.min(head, after + limit)
    const begin = after ?? Math.max(0, end - limit)
    return { events: room.events.slice(begin, end), head, more: after === undefined ? begin > 0 : end < head }
  }

  #read(room: FakeRoom, user: string, seq: number): Json {
    const member = room.members.get(user)
    if (member) member.read = Math.max(member.read, seq)
    this.#publish(`room:${room.id}`, { data: { type: 'receipt', user, seq } }, user)
    const { read, unread } = this.#entry(room, user) as { read: number; unread: number }
    return { read, unread }
  }

  #entry(room: FakeRoom, user: string): Json {
    const messages = room.events.filter((event) => event.type === 'message')
    const last = messages.at(-1)
    const read = room.members.get(user)?.read ?? 0
    return {
      room: room.id,
      kind: room.kind,
      title: room.title,
      role: 'member',
      head: room.events.length,
      read,
      unread: messages.filter((event) => event.seq > read).length,
      members: room.members.size,
      last: last ? { seq: last.seq, from: last.from, at: last.at, text: last.text } : null,
      at: room.events.at(-1)?.at ?? 0,
    }
  }

  #append(room: FakeRoom, from: string, fields: Json & { type: string }): Event {
    const n = (room.events.at(-1)?.n ?? 0) + (fields.type === 'message' ? 1 : 0)
    const seq = room.events.length + 1
    const event: Event = { seq, n, at: ++this.#clock, from, cid: `c${seq}`, ...fields }
    room.events.push(event)
    const member = room.members.get(from)
    if (member && event.type === 'message') member.read = seq
    this.#publish(`room:${room.id}`, { data: event, offset: seq })
    return event
  }

  #room(id: string): FakeRoom {
    const room = this.#rooms.get(id)
    if (!room) throw new Error(`no room ${id}`)
    return room
  }
}
