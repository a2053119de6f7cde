import type { Refusal } from '@switchboard/contracts/errors'
import type { StorageQueries } from '@switchboard/contracts/queries'
import type { PushRecord } from '@switchboard/contracts/records'
import { Deliverer, type DeliverOptions } from './deliver.ts'
import type { Events } from './events.ts'
import type { Outcome, PushDevice, PushRequest } from './outcome.ts'
import { pushWords } from './planner.ts'

export type PushOptions = Omit<DeliverOptions<PushRecord>, 'matter' | 'events'> & {
  readonly isLooking: (user: string) => boolean
  /** The newest seq that whom this push is for has read in its room, by a mark or by writing below it; 0 if none is known. */
  readonly readSeq: (record: PushRecord) => Promise<number>
  readonly send: (push: PushRequest) => Promise<Outcome>
  readonly forget: (ask: StorageQueries['device.forget']['ask']) => Promise<{ forgotten: boolean } | Refusal>
  readonly events: Pick<Events, 'attempted' | 'givenUp' | 'circuit' | 'unclaimed' | 'forgotten'>
}

/** Delivers pushes: shown once and so never repeated in doubt, and only to who has not seen it. */
export function pushDeliverer(options: PushOptions): Deliverer<PushRecord> {
  const { isLooking, readSeq, send, forget, events, now, ageMsMax } = options
  return new Deliverer<PushRecord>({
    ...options,
    matter: {
      keyOf: (record) => `${record.room}.${record.seq}.${deviceKey(record)}`,
      lineOf: deviceKey,
      registeredAt: ({ device }) => device.registered_at,
      circuitOf: ({ device }) => device.provider,
      nothingToSay: async (record) => {
        if (isLooking(record.user)) return 'looking'
        return (await readSeq(record)) >= record.seq ? 'already-read' : undefined
      },
      send: (record, tries) => send(requestFor(record, tries, ageMsMax)),
      forget: async (record, outcome) => {
        const answer = await forget({
          user: record.user,
          device: record.device.device,
          registered_before: outcome.ifRegisteredBeforeMs ?? now(),
          reason: outcome.reason,
        })
        // A refusal costs one more refused push to the same device, which asks again.
        events.forgotten(record, 'forgotten' in answer && answer.forgotten)
      },
      isRepeatable: false,
      // One device has no more than its messages of a day, and its provider keeps all of them waiting together.
      waitingMax: Number.POSITIVE_INFINITY,
    },
  })
}

/** Device ids are the user's own: two people may both have a `phone`. */
function deviceKey({ user, device }: PushRecord): string {
  return `${user}.${device.device}`
}

function requestFor(record: PushRecord, tries: number, ageMsMax: number): PushRequest {
  const { provider, target } = record.device
  return {
    event: `${record.room}:${record.seq}`,
    room: record.room,
    seq: record.seq,
    // The API took provider and target together, so they fit.
    device: { id: deviceKey(record), provider, target } as PushDevice,
    ...pushWords(record),
    badge: record.badge,
    expiresAt: record.at + ageMsMax,
    attempt: tries,
  }
}
