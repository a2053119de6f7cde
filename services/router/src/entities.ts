import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { type EntityKind, SYSTEM } from '@switchboard/contracts/ids'
import type { DeskSnapshot, RoomSnapshot, UsedCid, UserSnapshot } from '@switchboard/contracts/queries'
import type { EntityCommand, RoomCommand } from '@switchboard/contracts/records'
import { intentOfCommand } from '@switchboard/domain/intent'
import { DeskEntity } from './desk-entity.ts'
import { type Entity, type Known, type Outcome, RoomEntity, UserEntity } from './entity.ts'
import type { AskStorage } from './to-queries.ts'

/**
 * The outcome of a command whose cid is used: the first answer again, or a refusal if it asked for something else. What the system
 * sends has a cid of its cause, which asks for one thing only.
 */
export function repeat(
  entity: Entity,
  command: EntityCommand,
  { used, known, nowMs }: { readonly used: UsedCid; readonly known: Known; readonly nowMs: number },
): Outcome {
  if (command.from !== SYSTEM && used.intent !== intentOfCommand(command)) {
    return { kind: 'refused', refusal: refuse('cid_conflict', { field: 'cid' }) }
  }
  const effects = entity.again(command, used, known)
  if (entity instanceof DeskEntity) return { kind: 'repeated', answer: entity.answer(command, nowMs), effects }
  const answer = entity instanceof RoomEntity ? entity.answer(command as RoomCommand, used) : { seq: used.seq }
  return { kind: 'repeated', answer, effects }
}

/** The entity as of its log's head, or why storage cannot tell. */
export async function loadEntity(
  storage: Pick<AskStorage, 'loadRoom' | 'loadUser' | 'loadDesk'>,
  kind: EntityKind,
  id: string,
): Promise<Entity | Refusal> {
  const snapshot = await snapshotOf(storage, kind, id)
  if (isRefusal(snapshot)) return snapshot
  if ('room' in snapshot) return new RoomEntity(snapshot)
  return 'desk' in snapshot ? new DeskEntity(snapshot) : new UserEntity(snapshot)
}

function snapshotOf(
  storage: Pick<AskStorage, 'loadRoom' | 'loadUser' | 'loadDesk'>,
  kind: EntityKind,
  id: string,
): Promise<RoomSnapshot | UserSnapshot | DeskSnapshot | Refusal> {
  if (kind === 'room') return storage.loadRoom(id)
  return kind === 'user' ? storage.loadUser(id) : storage.loadDesk(id)
}
