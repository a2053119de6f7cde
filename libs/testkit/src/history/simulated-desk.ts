import { randomFrom } from '../random.ts'
import type { EventSeen, JournalRecord } from './records.ts'
import type { DeskConversation, DeskEventSeen, DeskOperation, StandingSeen } from './records-desk.ts'

const DESK = 'help'
const AGENTS = ['kim', 'lou', 'max'] as const
const VISITORS = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9'] as const
const CAPACITY = 3
const QUIET_MS = 100_000

interface Talk {
  now: DeskConversation
  readonly room: EventSeen[]
  readonly notes: EventSeen[]
}

interface Place {
  readonly talk: Talk
  readonly isNotes: boolean
}

type Change = Partial<Pick<DeskConversation, 'state' | 'agent' | 'offer'>>
type By = { readonly from: string; readonly cid: string }
const WAITING = { state: 'queued', agent: null, offer: null } as const
/** What changes nothing in the rooms. */
const UNTOLD: ReadonlySet<string> = new Set(['offered', 'declined', 'expired', 'withdrawn', 'rated'])

/** A desk that keeps its promises, and writes down what a run with it would have written. All choices come from one seed. */
class SimulatedDesk {
  readonly records: JournalRecord[] = []
  readonly #random: () => number
  readonly #events: DeskEventSeen[] = []
  readonly #talks: Talk[] = []
  readonly #away = new Set<string>()
  #nowMs = 1_000_000
  #next = 0

  constructor(seed: number) {
    this.#random = randomFrom(seed)
    this.#put({ type: 'desk.updated', requeue_seconds: 0 }, this.#by('admin'))
    for (const user of AGENTS) {
      this.#write({ type: 'connection', client: `c-${user}`, user, state: 'connected' })
      this.#ask(user, { name: 'status' }, (by) => this.#put({ type: 'agent.updated', agent: agentOf(user) }, by))
    }
  }

  step(): void {
    this.#nowMs += 50
    const acts = [this.#enter, this.#answerOffer, this.#answerOffer, this.#act, this.#act, this.#visitor]
    acts.push(this.#comeAndGo)
    this.#pick(acts)?.call(this)
    this.#offerAll()
  }

  finish(): readonly JournalRecord[] {
    for (const talk of this.#open()) if (talk.now.offer !== null) this.#giveBack(talk, 'expired')
    this.#nowMs += QUIET_MS
    for (const source of ['log', 'store'] as const)
      this.#write({ type: 'final-desk', desk: DESK, source, events: [...this.#events] })
    for (const { now, room, notes } of this.#talks)
      for (const source of ['api', 'store', 'log'] as const) {
        this.#write({ type: 'final-history', room: now.conversation, source, events: [...room] })
        this.#write({ type: 'final-history', room: `n-${now.conversation}`, source, events: [...notes] })
      }
    return this.records
  }

  cid(): string {
    this.#next += 1
    return `k${this.#next}`
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#random() * all.length)]
  }

  #by = (from: string): By => ({ from, cid: this.cid() })
  #open = () => this.#talks.filter(({ now }) => now.state !== 'closed')

  #enter(): void {
    const visitor = this.#pick(VISITORS)
    if (visitor === undefined || this.#open().some(({ now }) => now.visitor === visitor)) return
    const seq = this.#events.length + 1
    const conversation = `${DESK}-${seq}`
    const now: DeskConversation = {
      ...{ conversation, visitor, ...WAITING, revision: 0, priority: seq % 7 === 0 ? 'high' : 'normal' },
      ...{ skill: null, entered_at: this.#nowMs, ticket: seq },
    }
    const talk: Talk = { now, room: [], notes: [] }
    this.#talks.push(talk)
    this.#ask(visitor, { name: 'enter' }, (by) => this.#change(talk, 'entered', { by }))
  }

  #answerOffer(): void {
    const talk = this.#pick(this.#open().filter(({ now }) => now.offer !== null))
    const { offer = null } = talk?.now ?? {}
    if (!talk || offer === null) return
    const dice = this.#random()
    const name = dice < 0.7 ? 'accept' : 'decline'
    if (dice > 0.85) this.#giveBack(talk, 'expired')
    else
      this.#ask(offer.agent, { name, offer: offer.offer, conversation: talk.now.conversation }, (by) =>
        name === 'accept'
          ? this.#change(talk, 'accepted', { state: 'assigned', agent: offer.agent, offer: null, by })
          : this.#giveBack(talk, 'declined', by),
      )
  }

  /** An offer that was not taken: back to the queue, or to who wanted to hand it on. */
  #giveBack(talk: Talk, why: string, by: By = SYSTEM(this)): void {
    if (talk.now.agent === null) this.#change(talk, why, { ...WAITING, by })
    else this.#change(talk, 'returned', { state: 'assigned', offer: null, by })
  }

  #act(): void {
    const talk = this.#pick(this.#open().filter(({ now }) => now.agent !== null && now.state !== 'transferring'))
    if (!talk || talk.now.agent === null) return
    const { conversation, revision, agent, state } = talk.now
    const at = { conversation, revision }
    const free = AGENTS.find((one) => one !== agent && this.#isFree(one))
    const dice = Math.floor(this.#random() * 7)
    if (dice === 0)
      this.#ask(agent, { ...at, name: 'close' }, (by) => this.#change(talk, 'closed', { state: 'closed', by }))
    else if (dice === 1)
      this.#ask(agent, { ...at, name: state === 'held' ? 'resume' : 'hold' }, (by) =>
        this.#change(talk, state === 'held' ? 'resumed' : 'held', {
          state: state === 'held' ? 'assigned' : 'held',
          by,
        }),
      )
    else if (dice === 2 && free) {
      const offer = { offer: `${conversation}.${revision + 1}`, agent: free }
      this.#ask(agent, { ...at, name: 'transfer' }, (by) =>
        this.#change(talk, 'transferred', { state: 'transferring', offer, by }),
      )
    } else if (dice === 3) this.#refuse(agent, { ...at, name: 'close', revision: revision - 1 }, talk)
    else if (dice === 4) this.#say({ talk, isNotes: true }, agent, 'note')
    else this.#say({ talk, isNotes: false }, agent, 'answer')
  }

  #visitor(): void {
    const talk = this.#pick(this.#talks)
    if (!talk) return
    const { conversation, visitor, agent, state } = talk.now
    if (state !== 'closed' && this.#random() < 0.8) this.#say({ talk, isNotes: false }, visitor, 'question')
    else if (state !== 'closed')
      this.#ask(visitor, { name: 'leave', conversation }, (by) =>
        this.#change(talk, 'left', { state: 'closed', offer: null, by }),
      )
    else if (agent !== null)
      this.#ask(visitor, { name: 'rate', conversation }, (by) => this.#change(talk, 'rated', { by }))
  }

  /** Whoever is gone has nothing any more. */
  #comeAndGo(): void {
    const user = this.#pick(AGENTS)
    if (user === undefined || this.#random() < 0.5) return
    const isBack = this.#away.delete(user)
    this.#write({ type: 'connection', client: `c-${user}`, user, state: isBack ? 'connected' : 'lost' })
    this.#put({ type: 'agent.updated', agent: agentOf(user, isBack) }, SYSTEM(this))
    if (isBack) return
    this.#away.add(user)
    for (const talk of this.#open()) {
      if (talk.now.agent === user) this.#change(talk, 'requeued', { ...WAITING, by: SYSTEM(this) })
      else if (talk.now.offer?.agent === user) this.#giveBack(talk, 'withdrawn')
    }
  }

  #load = (user: string) => this.#open().filter(({ now }) => now.agent === user || now.offer?.agent === user).length
  #isFree = (user: string) => !this.#away.has(user) && this.#load(user) < CAPACITY

  #offerAll(): void {
    for (;;) {
      const agent = this.#pick(AGENTS.filter(this.#isFree))
      const waiting = this.#open().filter(({ now }) => now.state === 'queued')
      const [talk] = waiting.sort((a, b) => rank(a.now) - rank(b.now) || a.now.ticket - b.now.ticket)
      if (!talk || agent === undefined) return
      const offer = { offer: `${talk.now.conversation}.${talk.now.revision + 1}`, agent }
      this.#change(talk, 'offered', { state: 'offered', offer, by: SYSTEM(this) })
    }
  }

  #change(talk: Talk, change: string, { by, ...to }: Change & { by: By }): void {
    talk.now = { ...talk.now, ...to, revision: talk.now.revision + 1 }
    this.#put({ type: 'conversation.changed', change, conversation: talk.now }, by)
    if (UNTOLD.has(change)) return
    const { visitor, revision, agent, state } = talk.now
    const standing: StandingSeen = { state: state === 'offered' ? 'queued' : state, revision, agent }
    const told = { type: `conversation.${change}`, from: 'system', standing } as const
    for (const isNotes of [false, true]) {
      const place = { talk, isNotes }
      const created = { type: 'room.created', from: 'system', members: [visitor] } as const
      if ((isNotes ? talk.notes : talk.room).length === 0) this.#tell(place, { ...created, cid: this.cid() })
      this.#tell(place, { ...told, cid: this.cid() })
    }
  }

  #tell({ talk, isNotes }: Place, draft: Omit<EventSeen, 'seq' | 'n'>): { room: string; seq: number } {
    const events = isNotes ? talk.notes : talk.room
    const { conversation, visitor, agent } = talk.now
    const room = isNotes ? `n-${conversation}` : conversation
    const n = (events.at(-1)?.n ?? 0) + (draft.type === 'message' ? 1 : 0)
    const event: EventSeen = { ...draft, seq: events.length + 1, n }
    events.push(event)
    const user = isNotes ? agent : visitor
    if (user !== null) this.#write({ type: 'seen', room, how: 'live', event, client: `c-${user}`, user })
    return { room, seq: event.seq }
  }

  #say(place: Place, from: string, what: string): void {
    const cid = this.cid()
    const text = `${what} ${cid}`
    const { conversation } = place.talk.now
    const who = { client: `c-${from}`, user: from, id: cid }
    const room = place.isNotes ? `n-${conversation}` : conversation
    this.#write({ type: 'invoke', ...who, operation: { name: 'send', cid, room, text } })
    const { seq } = this.#tell(place, { type: 'message', from, cid, text })
    this.#write({ type: 'return', ...who, outcome: 'ok', seq })
  }

  #put(draft: DraftOf<DeskEventSeen>, { from, cid }: By): void {
    const event = { seq: this.#events.length + 1, at: this.#nowMs, from, cid, ...draft } as DeskEventSeen
    this.#events.push(event)
    for (const user of AGENTS)
      if (!this.#away.has(user)) this.#write({ type: 'desk-seen', client: `c-${user}`, user, desk: DESK, event })
  }

  #ask(user: string, operation: Omit<DeskOperation, 'cid'>, act: (by: By) => void): void {
    const by = this.#by(user)
    const who = { client: `c-${user}`, user, id: by.cid }
    this.#write({ type: 'desk-invoke', ...who, operation: { ...operation, cid: by.cid } })
    act(by)
    const event = this.#events.findLast((one) => one.cid === by.cid)
    const about = event?.type === 'conversation.changed' ? event.conversation : undefined
    const told = about && { conversation: about.conversation, standing: standingOf(about) }
    this.#write({ type: 'desk-return', ...who, outcome: 'ok', ...told })
  }

  #refuse(user: string, operation: Omit<DeskOperation, 'cid'>, { now }: Talk): void {
    const cid = this.cid()
    const who = { client: `c-${user}`, user, id: cid }
    this.#write({ type: 'desk-invoke', ...who, operation: { ...operation, cid } })
    this.#write({
      type: 'desk-return',
      ...who,
      outcome: 'refused',
      code: 'conflict',
      ...{ conversation: now.conversation },
    })
  }

  #write(record: Untimed<JournalRecord>): void {
    this.#nowMs += 1
    this.records.push({ atMs: this.#nowMs, ...record } as JournalRecord)
  }
}

type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never
type DraftOf<T> = T extends unknown ? Omit<T, 'seq' | 'at' | 'from' | 'cid'> : never
const SYSTEM = (desk: SimulatedDesk): By => ({ from: 'system', cid: desk.cid() })
const agentOf = (user: string, connected = true) => ({ user, capacity: CAPACITY, status: 'online', connected }) as const
const rank = ({ entered_at, priority }: DeskConversation): number => entered_at - (priority === 'high' ? 600_000 : 0)
const standingOf = ({ state, revision, agent }: DeskConversation): StandingSeen => ({ state, revision, agent })

/** A run with a desk that is the same for the same seed, however long. */
export function someDesk(seed: number, length: number): readonly JournalRecord[] {
  const desk = new SimulatedDesk(seed)
  for (let i = 0; i < length; i += 1) desk.step()
  return desk.finish()
}
