import { type ErrorCode, isRefusal, refuse } from '@switchboard/contracts/errors'
import type { AnyEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import { intentOfCommand } from '@switchboard/domain/intent'
import { type Entity, entityOf, type Known, type Outcome, RoomEntity, repeat } from './entity.ts'
import type { LaneDeps, LanePlace, Taken } from './lane-deps.ts'
import { cidKey, lookUp } from './look-up.ts'

interface Decided {
  readonly taken: Taken
  readonly outcome: Outcome
}

interface Poison {
  readonly taken: Taken
  readonly reason: string
}

interface Marked {
  readonly taken: Taken
  readonly outcome: Extract<Outcome, { kind: 'marked' }>
}

/**
 * One entity's commands, in order. Whatever waits when the previous publish returns is decided together and becomes one entry:
 * a lone message pays nothing, a hot room gets faster as it gets hotter. Nobody is answered before the commit (G1).
 */
export class Lane {
  readonly #deps: LaneDeps
  readonly #place: LanePlace
  #queue: Taken[] = []
  #entity: Entity | undefined
  #running: Promise<void> | undefined
  #loading: Promise<Entity | ErrorCode> | undefined
  /** Somebody looks at this room until then: it stays in memory and its presence is told. Milliseconds of `clock.nowMs`. */
  watchedUntilMs = 0

  constructor(deps: LaneDeps, place: LanePlace) {
    this.#deps = deps
    this.#place = place
  }

  get isIdle(): boolean {
    return this.#running === undefined && this.#loading === undefined && this.#queue.length === 0
  }

  /** The room, if it is in memory. */
  get room(): RoomEntity | undefined {
    return this.#entity instanceof RoomEntity ? this.#entity : undefined
  }

  push(taken: Taken): void {
    if (this.#queue.length >= MAX.laneQueue && taken.command.reply) {
      this.#settle(taken, { kind: 'refused', refusal: refuse('too_many_requests', { after_ms: 1_000 }) })
      return
    }
    this.#queue.push(taken)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when what was begun is done; what waits is left to the partition's next owner. */
  async stop(): Promise<void> {
    this.#queue = []
    await this.#running
  }

  /** The entity, loaded if need be; or the code of why not. */
  load(): Promise<Entity | ErrorCode> {
    if (this.#entity) return Promise.resolve(this.#entity)
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #read(): Promise<Entity | ErrorCode> {
    const { kind, id, incarnation } = this.#place
    const { storage, events } = this.#deps
    const entity = entityOf(kind === 'room' ? await storage.loadRoom(id) : await storage.loadUser(id))
    if (isRefusal(entity)) {
      events.loadFailed(`${kind}:${id}`, entity.code)
      return entity.code
    }
    // Inputs of an earlier commands stream say nothing about this one.
    if (entity.incarnation !== incarnation) entity.input = 0
    this.#entity = entity
    return entity
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#queue.length > 0 && !this.#place.signal.aborted; ) {
      const entity = await this.load()
      const batch = this.#queue.splice(0, MAX.entryEvents)
      const isDone = typeof entity === 'object' && (await this.#commit(entity, batch))
      if (isDone) failures = 0
      else {
        this.#giveBack(batch)
        await this.#deps.clock.beforeRetry(failures, this.#place.signal)
        failures += 1
      }
    }
  }

  /** The clients of a batch that came to nothing are told to try again; what entities sent each other waits here. */
  #giveBack(batch: readonly Taken[]): void {
    this.#queue.unshift(...batch.filter(({ command }) => !command.reply))
    for (const taken of batch)
      if (taken.command.reply) this.#settle(taken, { kind: 'refused', refusal: refuse('unavailable') })
  }

  /** @returns false if nothing of the batch was done. */
  async #commit(entity: Entity, batch: Taken[]): Promise<boolean> {
    const { storage, events, clock } = this.#deps
    const startedMs = clock.steadyMs()
    const known = await lookUp(storage, { entity, batch, place: this.#place, nowMs: clock.nowMs() })
    if (isRefusal(known)) return false
    const { decided, drafts, poison } = this.#decide(entity, batch, known)
    if (poison) return this.#discard(batch, poison)
    const [first, ...rest] = drafts
    if (first) {
      const written = await this.#write(entity, [first, ...rest], Math.max(...decided.map(({ taken }) => taken.input)))
      if (written === 'fenced') return true
      if (written === 'unknown') {
        this.#entity = undefined
        for (const { taken } of decided)
          if (taken.command.reply) this.#settle(taken, { kind: 'refused', refusal: refuse('timeout') })
        this.#queue.unshift(...decided.map(({ taken }) => taken).filter(({ command }) => !command.reply))
        return true
      }
      events.committed({ events: drafts.length, seconds: (clock.steadyMs() - startedMs) / 1_000 })
    }
    const marked: Marked[] = []
    for (const { taken, outcome } of decided) {
      if (outcome.kind === 'marked') marked.push({ taken, outcome })
      else this.#settle(taken, outcome)
    }
    if (marked.length > 0) await this.#mark(entity as RoomEntity, marked)
    return true
  }

  /** Decides as much of the batch as fits one entry; the rest goes back to the front of the queue. */
  #decide(
    entity: Entity,
    batch: readonly Taken[],
    known: Known,
  ): { decided: Decided[]; drafts: AnyEvent[]; poison?: Poison } {
    const decided: Decided[] = []
    const drafts: AnyEvent[] = []
    let bytes = 0
    for (const [i, taken] of batch.entries()) {
      if (drafts.length >= MAX.entryEvents || bytes >= MAX.entryBytes) {
        this.#queue.unshift(...batch.slice(i))
        break
      }
      const outcome = this.#tryOne(entity, taken, known)
      if (outcome && 'reason' in outcome) return { decided: [], drafts: [], poison: outcome }
      if (!outcome) {
        this.#deps.events.decided(taken.command.method, 'dropped')
        taken.finish()
        continue
      }
      decided.push({ taken, outcome })
      if (outcome.kind !== 'committed') continue
      drafts.push(...outcome.events)
      bytes += outcome.events.reduce((sum, event) => sum + bytesOf(event), 0)
    }
    return { decided, drafts }
  }

  #tryOne(entity: Entity, taken: Taken, known: Known): Outcome | Poison | undefined {
    try {
      return this.#decideOne(entity, taken, known)
    } catch (error) {
      return { taken, reason: error instanceof Error ? (error.stack ?? String(error)) : String(error) }
    }
  }

  /**
   * A command that makes the decision itself fail is a bug of ours, and would be one again in every router that reads it: it
   * is buried, and the others are decided anew on a fresh state. Nothing of the batch was published.
   */
  async #discard(batch: readonly Taken[], { taken, reason }: Poison): Promise<true> {
    this.#entity = undefined
    this.#queue.unshift(...batch.filter((other) => other !== taken))
    await taken.bury(reason)
    this.#settle(taken, { kind: 'refused', refusal: refuse('internal') })
    return true
  }

  /** @returns undefined for a command of before this router's time that was not applied: its client was told long ago. */
  #decideOne(entity: Entity, taken: Taken, known: Known): Outcome | undefined {
    const { command } = taken
    const { events } = this.#deps
    const nowMs = this.#deps.clock.nowMs()
    if (command.method === 'mark.read') return entity.decide(command, { known, nowMs })
    const found = entity.cids.find(command.from, command.cid, nowMs)
    const used = typeof found === 'object' ? found : known.cids.get(cidKey(command))
    if (used) {
      events.repeated(typeof found === 'object' ? 'memory' : 'storage')
      return repeat(entity, command, used)
    }
    if (taken.input <= entity.input || (taken.stale && command.reply)) return undefined
    const outcome = entity.decide(command, { known, nowMs })
    const first = outcome.kind === 'committed' ? outcome.events[0] : undefined
    if (first)
      entity.cids.add({
        from: first.from,
        cid: first.cid,
        seq: first.seq,
        at: first.at,
        intent: intentOfCommand(command),
      })
    return outcome
  }

  async #write(
    entity: Entity,
    drafts: readonly [AnyEvent, ...AnyEvent[]],
    input: number,
  ): Promise<'stored' | 'fenced' | 'unknown'> {
    const { kind, id, incarnation, epoch, floor, fenced, signal } = this.#place
    const written = await this.#deps.writeEntry(
      {
        kind,
        id,
        events: drafts,
        n: entity.n,
        epoch,
        expect: entity.logSeq,
        input: { incarnation, input, floor: floor() },
      },
      signal,
    )
    if (written.kind === 'stored') {
      entity.logSeq = written.logSeq
      entity.input = input
    } else if (written.kind === 'fenced') {
      this.#entity = undefined
      this.#queue = []
      fenced(`${kind}:${id}`)
    }
    return written.kind
  }

  /** Tells the client, sends the effects, and finishes the command when they are out. */
  #settle(taken: Taken, outcome: Exclude<Outcome, { kind: 'marked' }>): void {
    const { replies, events, sendEffects } = this.#deps
    const { command } = taken
    if (outcome.kind === 'refused') replies.no(command.reply, outcome.refusal)
    else replies.ok(command.reply, outcome.answer)
    events.decided(command.method, outcome.kind === 'refused' ? outcome.refusal.code : outcome.kind)
    if (outcome.kind === 'refused' || outcome.effects.length === 0) {
      taken.finish()
      return
    }
    const { signal } = this.#place
    sendEffects(outcome.effects, signal).then(() => {
      if (!signal.aborted) taken.finish()
    })
  }

  /** Writes the furthest mark of each member that the batch moved, and answers all who asked. */
  async #mark(entity: RoomEntity, marked: readonly Marked[]): Promise<void> {
    const byMember = Map.groupBy(marked, ({ outcome }) => outcome.mark.user)
    await Promise.all([...byMember.values()].map((group) => this.#markMember(entity, group)))
  }

  async #markMember(entity: RoomEntity, group: readonly Marked[]): Promise<void> {
    const { writeMark, sendSignal } = this.#deps
    const [furthest] = group.map(({ outcome }) => outcome).sort((a, b) => b.mark.seq - a.mark.seq)
    if (!furthest) return
    const { mark } = furthest
    const isWritten = await writeMark(mark)
    if (isWritten) {
      entity.applyMark(mark)
      const { read, unread } = furthest.answer()
      sendSignal('user', mark.user, { type: 'read', room: mark.room, seq: read, unread })
      sendSignal('room', mark.room, { type: 'receipt', user: mark.user, seq: read })
    }
    for (const { taken, outcome } of group) {
      if (isWritten) this.#settle(taken, { kind: 'repeated', answer: outcome.answer(), effects: [] })
      else this.#settle(taken, { kind: 'refused', refusal: refuse('unavailable') })
    }
  }
}

/** Roughly, so that the entry is encoded once: three bytes for a character, and the frame around it. */
function bytesOf(event: AnyEvent): number {
  if ('text' in event) return 400 + 3 * event.text.length
  return event.type === 'room.created' ? 400 + 100 * event.members.length : 400
}
