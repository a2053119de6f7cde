import { createHash } from 'node:crypto'
import type { RoomKind } from '@switchboard/contracts/events'

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 21)

/**
 * The id of a room that is to be created. It follows from the command alone, so that the same command, sent again from any pod,
 * reaches the same room; and from the pair alone for a direct room, so that two people have one.
 */
export function roomIdOf(create: { kind: RoomKind; from: string; cid: string; members?: readonly string[] }): string {
  if (create.kind === 'direct') {
    const pair = new Set([create.from, ...(create.members ?? [])])
    return `d-${digest([...pair].sort().join(' '))}`
  }
  return `${create.kind === 'public' ? 'p' : 'g'}-${digest(`${create.from} ${create.cid}`)}`
}
