import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { Publication } from '@switchboard/contracts/protocol'
import { createSlots } from '@switchboard/runtime/slots'
import type { Clock } from './clock.ts'
import type { Archive } from './log-source.ts'
import type { Newest } from './newest.ts'
import type { RpcParts } from './rpc.ts'
import { toPublication } from './session-history.ts'

/** Gaps fetched at the same time; the others wait, so that a storm does not become one at the database. */
const FETCHES_MAX = 32

class ArchiveError extends Error {
  override name = 'ArchiveError'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(`storage refused: ${refusal.code}`)
    this.refusal = refusal
  }
}

type Page = { readonly events: readonly { readonly seq: number }[]; readonly more: boolean }

export interface ArchiveParts {
  readonly storage: RpcParts['storage']
  readonly newest: Newest
  readonly soon: Clock['soon']
}

/** A gap, whole or not at all. The same gap asked for by many at once is fetched once. */
export function createArchive({ storage, newest, soon }: ArchiveParts): Archive {
  const inTurn = createSlots(FETCHES_MAX)
  const collecting = new Map<string, Promise<Publication[] | null>>()
  const ok = <T extends object>(answer: T | Refusal): T => {
    if (isRefusal(answer)) throw new ArchiveError(answer)
    return answer
  }
  const page = async (kind: string, id: string, after_seq: number): Promise<Page> => {
    const limit = MAX.historyEvents
    if (kind === 'desk') return ok(await storage('desk.events', { desk: id, after_seq, limit }))
    return kind === 'user'
      ? ok(await storage('user.events', { user: id, after_seq, limit }))
      : ok(await storage('room.history', { room: id, after_seq, limit }))
  }
  const collect = async (kind: string, id: string, gap: { after: number; upTo: number }) => {
    const found: Publication[] = []
    let bytes = 0
    let last = gap.after
    while (last < gap.upTo) {
      const { events } = await page(kind, id, last)
      for (const event of events) {
        if (event.seq > gap.upTo) break
        if (event.seq !== last + 1) return null
        const publication = toPublication(event)
        found.push(publication)
        bytes += publication.data.byteLength
        last = event.seq
      }
      if (events.length === 0 || bytes > MAX.recoverBytes) return null
    }
    return found
  }
  return {
    head: async (kind, id) => {
      if (kind === 'desk') return ok(await storage('desk.events', { desk: id, after_seq: 0, limit: 1 })).head
      if (kind === 'user') return ok(await storage('user.events', { user: id, after_seq: 0, limit: 1 })).head
      return ok(await storage('room.history', { room: id, limit: 1 })).head
    },
    events: async (at, after, upTo) => {
      if (upTo - after > MAX.recoverEvents) return null
      const { kind, id } = at
      const key = `${kind} ${id} ${after} ${upTo}`
      const running = collecting.get(key)
      if (running) return running
      const collected = inTurn(async () => (await newest(at, after, upTo)) ?? collect(kind, id, { after, upTo }))
      collecting.set(key, collected)
      // Not before whoever waited for it has put it into the feed: who comes in between would ask once more.
      const forget = () => soon(() => collecting.delete(key))
      collected.then(forget, forget)
      return collected
    },
  }
}
