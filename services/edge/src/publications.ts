import { eventDataOf, splitLines } from '@switchboard/contracts/entry'
import type { Publication } from '@switchboard/contracts/protocol'

/** The events of an entry, numbered from `first` on, as clients are given them: views into its bytes. */
export const publicationsOf = (channel: string, first: number, payload: Uint8Array): Publication[] =>
  splitLines(payload).map((line, i) => ({ offset: first + i, data: eventDataOf(channel, line, first + i) }))
