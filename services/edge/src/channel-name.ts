import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { isId } from '@switchboard/contracts/ids'

const KINDS = ['room', 'user', 'desk'] as const

export interface ChannelName {
  readonly kind: (typeof KINDS)[number]
  readonly id: string
}

/** `room:<id>` taken apart. Refused are kinds that do not exist, and ids that no room could have. */
export function parseChannel(channel: string): ChannelName | Refusal {
  const colon = channel.indexOf(':')
  const kind = KINDS.find((each) => each === channel.slice(0, Math.max(0, colon)))
  if (kind === undefined) return refuse('unknown_channel', { field: 'channel' })
  const id = channel.slice(colon + 1)
  if (!isId(id)) return refuse('bad_request', { field: 'channel', message: 'must be 1 to 64 of A-Z a-z 0-9 _ -' })
  return { kind, id }
}
