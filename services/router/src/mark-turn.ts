import { refuse } from '@switchboard/contracts/errors'
import type { Outcome, RoomEntity } from './entity.ts'
import type { LaneDeps, Taken } from './lane-deps.ts'

export interface Marked {
  readonly taken: Taken
  readonly outcome: Extract<Outcome, { kind: 'marked' }>
}

interface MarkParts {
  readonly deps: Pick<LaneDeps, 'writeMark' | 'sendSignal'>
  readonly isSure: () => boolean
  readonly entity: RoomEntity
  readonly settle: (taken: Taken, outcome: Exclude<Outcome, { kind: 'marked' }>) => void
}

/** Writes the furthest mark of each member that the batch moved, and answers all who asked. */
export async function writeMarks(parts: MarkParts, marked: readonly Marked[]): Promise<void> {
  const byMember = Map.groupBy(marked, ({ outcome }) => outcome.mark.user)
  await Promise.all([...byMember.values()].map((group) => markMember(parts, group)))
}

async function markMember({ deps, isSure, entity, settle }: MarkParts, group: readonly Marked[]): Promise<void> {
  const [furthest] = group.map(({ outcome }) => outcome).sort((a, b) => b.mark.seq - a.mark.seq)
  if (!furthest) return
  const { mark } = furthest
  // A router that was stopped for a while would tell people of a mark that is older than what another has told them.
  const isWritten = isSure() && (await deps.writeMark(mark)) && isSure()
  if (isWritten) {
    entity.applyMark(mark)
    const { read, unread } = furthest.answer()
    deps.sendSignal('user', mark.user, { type: 'read', room: mark.room, seq: read, unread })
    deps.sendSignal('room', mark.room, { type: 'receipt', user: mark.user, seq: read })
  }
  for (const { taken, outcome } of group) {
    if (isWritten) settle(taken, { kind: 'repeated', answer: outcome.answer(), effects: [] })
    else settle(taken, { kind: 'refused', refusal: refuse('unavailable') })
  }
}
