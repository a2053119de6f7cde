import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import type { EntityKind } from '@switchboard/contracts/ids'
import type { MessageFacts, UsedCid } from '@switchboard/contracts/queries'
import type { EntityCommand, RoomCommand } from '@switchboard/contracts/records'
import { sinceOf } from '@switchboard/domain/decide-room'
import { cidKey } from './cid-memory.ts'
import { type Entity, type Known, RoomEntity } from './entity.ts'
import type { Taken } from './lane-deps.ts'
import { lookUpDesk } from './look-up-desk.ts'
import type { AskStorage } from './to-queries.ts'

export interface Asked {
  readonly storage: AskStorage
  readonly entity: Entity
  readonly batch: readonly Taken[]
  readonly place: { readonly kind: EntityKind; readonly id: string }
  readonly nowMs: number
}

/** Asks storage for what a batch needs and memory does not hold: at most one question for cids and one for old messages. */
export async function lookUp(asked: Asked): Promise<Known | Refusal> {
  const [found, facts] = await Promise.all([findCids(asked), findFacts(asked)])
  if (isRefusal(found)) return found
  if (isRefusal(facts)) return facts
  const cids = new Map(found.map((used) => [cidKey(used), used]))
  const known = { cids, facts: new Map(facts.map((fact) => [fact.seq, fact])) }
  const more = await lookUpDesk(asked, cids)
  return isRefusal(more) ? more : { ...known, ...more }
}

async function findCids({ storage, entity, batch, place, nowMs }: Asked): Promise<readonly UsedCid[] | Refusal> {
  const isUnknown = ({ command }: Taken) =>
    command.method !== 'mark.read' && entity.cids.find(command.from, command.cid, nowMs) === 'unknown'
  const lookups = batch.filter(isUnknown).map(({ command: { from, cid } }) => ({ from, cid }))
  if (lookups.length === 0) return []
  const found = await storage.findCids(place.kind, place.id, lookups)
  return isRefusal(found) ? found : found.used
}

/** The seq of the message that a command is about, if there is one. */
function messageOf(command: EntityCommand): number | undefined {
  return 'seq' in command.body ? command.body.seq : undefined
}

async function findFacts({ storage, entity, batch, place }: Asked): Promise<readonly MessageFacts[] | Refusal> {
  if (!(entity instanceof RoomEntity)) return []
  const since = batch.flatMap(({ command }) => sinceOf(entity.state, command as RoomCommand))
  const seqs = [...batch.map(({ command }) => messageOf(command)).filter((seq) => seq !== undefined), ...since]
  const missing = [...new Set(seqs)].filter((seq) => seq <= entity.state.head && !entity.factsOf(seq))
  if (missing.length === 0) return []
  const found = await storage.facts(place.id, missing)
  return isRefusal(found) ? found : found.facts
}
