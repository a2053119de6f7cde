import type { RoomEvent } from '@switchboard/contracts/events'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { RoomState } from './room.ts'

/** An event without what every event has; `by` is whoever did it, where that is not who sent the command. */
export type Draft = RoomEvent extends infer E
  ? E extends RoomEvent
    ? Omit<E, 'seq' | 'n' | 'at' | 'from' | 'cid'> & { readonly by?: string }
    : never
  : never

/** Whether an event is one of those that a command brought about, given the seq of its first. */
export const isCausedBy = (event: { readonly seq: number; readonly cid: string }, cause: number): boolean =>
  event.seq === cause || event.cid.startsWith(`${cause}:`)

/**
 * Numbers the drafts. The first is the client's, with its cid; what else the command brings about is the system's, with a cid
 * made of its cause, which no client's can be.
 */
export function complete(
  state: RoomState,
  command: { readonly from: string; readonly cid: string },
  made: { drafts: readonly Draft[]; nowMs: number },
): RoomEvent[] {
  const cause = state.head + 1
  let { n } = state
  return made.drafts.map((draft, i) => {
    if (draft.type === 'message') n += 1
    const { type, by, ...rest } = draft
    const origin = i === 0 ? { from: command.from, cid: command.cid } : { from: by ?? SYSTEM, cid: `${cause}:${i}` }
    return { type, seq: cause + i, n, at: made.nowMs, ...origin, ...rest } as RoomEvent
  })
}
