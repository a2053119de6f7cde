import { type ErrorCode, isRefusal, refuse } from '@switchboard/contracts/errors'
import type { AnyEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import { intentOfCommand } from '@switchboard/domain/intent'
import { inSpan } from '@switchboard/runtime/tracing'
import { cidKey } from './cid-memory.ts'
import { bytesOf, type Decided, restsOnState } from './decided.ts'
import { DeskEntity } from './desk-entity.ts'
import { EffectTurns } from './effect-turns.ts'
import { loadEntity, repeat } from './entities.ts'
import { type Entity, type Known, type Outcome, RoomEntity } from './entity.ts'
import type { LaneDeps, LanePlace, Taken } from './lane-deps.ts'
import { lookUp } from './look-up.ts'
import { type Marked, writeMarks } from './mark-turn.ts'

interface Poison {
  readonly taken: Taken
  readonly reason: string
}

/**
 * One entity's commands, in order. Whatever waits when the previous publish returns is decided together and becomes one entry:
 * a lone message pays nothing, a hot room gets faster as it gets hotter. Nobody is answered before the commit (G1).
 */
export class Lane {
  readonly #deps: LaneDeps
  readonly #place: LanePlace
  readonly #effects: EffectTurns
  #queue: Taken[] = []
  /** What it had is left to the next owner, and so must be all that comes after: a later input would hide an earlier one. */
  #isFenced = false
  #entity: Entity | undefined
  #running: Promise<void> | undefined
  #loading: Promise<Entity | ErrorCode> | undefined
  /** Somebody looks at this room until then: it stays in memory and its presence is told. Milliseconds of `clock.steadyMs`. */
  watchedUntilMs = Number.NEGATIVE_INFINITY

  constructor(deps: LaneDeps, place: LanePlace) {
    this.#deps = deps
    this.#place = place
    this.#effects = new EffectTurns(deps.sendEffects)
  }

  get isIdle(): boolean {
    const isQuiet = this.#running === undefined && this.#loading === undefined
    return isQuiet && this.#queue.length === 0 && this.#effects.isIdle
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** The room, if it is in memory. */
  get room(): RoomEntity | undefined {
    return this.#entity instanceof RoomEntity ? this.#entity : undefined
  }

  /** The desk, if it is in memory. */
  get desk(): DeskEntity | undefined {
    return this.#entity instanceof DeskEntity ? this.#entity : undefined
  }

  push(taken: Taken): void {
    if (this.#isFenced) return
    if (this.#queue.length >= MAX.laneQueue && taken.command.reply) {
      this.#settle(taken, { kind: 'refused', refusal: refuse('too_many_requests', { after_ms: 1_000 }) })
      return
    }
    this.#queue.push(taken)
    this.#begin()
  }

  /** @NOTE Between the last look at the queue and the end of the work a command can come: nobody else would begin with it. */
  #begin(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#queue.length > 0 && !this.#place.signal.aborted) this.#begin()
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
    const entity = await loadEntity(storage, kind, id)
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
      const span = this.#queue.find((taken) => taken.span)?.span
      const entity = await inSpan(span, () => this.load())
      const batch = this.#queue.splice(0, MAX.entryEvents)
      const isDone = typeof entity === 'object' && (await inSpan(span, () => this.#commit(entity, batch)))
      if (isDone) failures = 0
      else {
        this.#giveBack(batch)
        await this.#deps.clock.beforeRetry(failures, this.#place.signal)
        failures += 1
      }
    }
  }

  /** Nothing can be done now: clients are told to try again, and all of it waits here. */
  #giveBack(batch: readonly Taken[]): void {
    this.#queue = [...batch, ...this.#queue].map((taken) => this.#putOff(taken))
  }

  /**
   * Its client need not wait, but it is not finished: it may lie in the log, from this router or another, without all that it
   * brings about. Decided again, it is found there, or forgotten as one that came too late.
   */
  #putOff(taken: Taken): Taken {
    const { command, stale } = taken
    if (!command.reply || stale) return taken
    this.#deps.replies.no(command.reply, refuse('unavailable'))
    this.#deps.events.decided(command.method, 'unavailable')
    return { ...taken, stale: true }
  }

  /** @returns false if nothing of the batch was done. */
  async #commit(entity: Entity, batch: Taken[]): Promise<boolean> {
    const { storage, events, clock } = this.#deps
    const startedMs = clock.steadyMs()
    const known = await lookUp({ storage, entity, batch, place: this.#place, nowMs: clock.nowMs() })
    if (isRefusal(known)) return false
    const { decided, drafts, poison } = this.#decide(entity, batch, known)
    if (poison) return this.#discard(batch, poison)
    const [first, ...rest] = drafts
    if (first) {
      const written = await this.#write(entity, [first, ...rest], decided)
      // Fenced, or given up with the partition: whatever became of it, the next owner finds it, or reads the commands again.
      if (written !== 'stored') return true
      events.committed({ events: drafts.length, seconds: (clock.steadyMs() - startedMs) / 1_000 })
      entity.committed?.(drafts, events)
    } else if (decided.some(restsOnState)) {
      const isNewest = await this.#deps.isNewest(this.#place, entity.logSeq)
      if (isNewest === 'unknown') return false
      if (!isNewest) {
        this.#entity = undefined
        this.#queue.unshift(...batch)
        return true
      }
    }
    const marked: Marked[] = []
    for (const { taken, outcome } of decided) {
      if (!outcome) this.#drop(taken)
      else if (outcome.kind === 'marked') marked.push({ taken, outcome })
      else this.#settle(taken, outcome)
    }
    if (marked.length === 0) return true
    const settle = this.#settle.bind(this)
    const { isSure } = this.#place
    await writeMarks({ deps: this.#deps, isSure, entity: entity as RoomEntity, settle }, marked)
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
      decided.push({ taken, outcome })
      if (outcome?.kind !== 'committed') continue
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
    const { nowMs, steadyMs } = { nowMs: this.#deps.clock.nowMs(), steadyMs: this.#deps.clock.steadyMs() }
    if (command.method === 'mark.read') return entity.decide(command, { known, nowMs, steadyMs })
    const found = entity.cids.find(command.from, command.cid, nowMs)
    const used = typeof found === 'object' ? found : known.cids.get(cidKey(command))
    if (used) {
      events.repeated(typeof found === 'object' ? 'memory' : 'storage')
      return repeat(entity, command, { used, known, nowMs })
    }
    if (taken.input <= entity.input || (taken.stale && command.reply)) return undefined
    const outcome = entity.decide(command, { known, nowMs, steadyMs })
    const first = outcome.kind === 'committed' ? outcome.events[0] : undefined
    if (first) {
      const { from, cid, seq, at } = first
      entity.cids.add({ from, cid, seq, at, intent: intentOfCommand(command) })
    }
    return outcome
  }

  async #write(
    entity: Entity,
    drafts: readonly [AnyEvent, ...AnyEvent[]],
    decided: readonly Decided[],
  ): Promise<'stored' | 'fenced' | 'unknown'> {
    const { kind, id, incarnation, epoch, floor, fenced, signal } = this.#place
    const input = Math.max(...decided.map(({ taken }) => taken.input))
    const written = await this.#deps.writeEntry(
      {
        kind,
        id,
        events: drafts,
        n: entity.n,
        epoch,
        expect: entity.logSeq,
        input: { incarnation, input, floor: floor() },
        causes: decided.map(({ taken }) => taken.span),
      },
      signal,
    )
    if (written.kind === 'stored') {
      entity.logSeq = written.logSeq
      entity.input = input
    } else if (written.kind === 'fenced') {
      this.#entity = undefined
      this.#queue = []
      this.#isFenced = true
      fenced(`${kind}:${id}`)
    }
    return written.kind
  }

  #drop(taken: Taken): void {
    this.#deps.events.decided(taken.command.method, 'dropped')
    taken.finish()
  }

  /** Tells the client, sends the effects, and finishes the command when they are out. */
  #settle(taken: Taken, outcome: Exclude<Outcome, { kind: 'marked' }>): void {
    const { replies, events } = this.#deps
    const { command } = taken
    if (outcome.kind === 'refused') replies.no(command.reply, outcome.refusal)
    else if (outcome.kind !== 'forwarded') replies.ok(command.reply, outcome.answer)
    const said = outcome.kind === 'refused' ? outcome.refusal.code : outcome.kind
    events.decided(command.method, said)
    taken.span?.note({ outcome: said })
    if (outcome.kind === 'refused' || outcome.effects.length === 0) {
      taken.finish()
      return
    }
    inSpan(taken.span, () => this.#effects.send(outcome.effects, this.#place.signal)).then(() => {
      if (!this.#place.signal.aborted) taken.finish()
    })
  }
}
