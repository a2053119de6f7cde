import type { Failure } from './failure.ts'

/** What a person has written and the server has not confirmed. Plain JSON. */
export interface OutboxEntry {
  readonly cid: string
  readonly room: string
  readonly text: string
  readonly reply_to?: number
  readonly mentions?: readonly string[]
  /** Of a conversation: what its writer had seen of it. */
  readonly seen?: number
  /** When it was written: milliseconds since the epoch. */
  readonly at: number
  /** Set when the server refused it: it stays until its writer tries again or throws it away. */
  readonly failure?: Failure
}

/** Where the outbox survives a reload. Entries are keyed by cid; `put` replaces. */
export interface OutboxStore {
  /** In any order. */
  load(): Promise<OutboxEntry[]>
  put(entry: OutboxEntry): Promise<void>
  remove(cid: string): Promise<void>
}

/** Keeps nothing beyond the process. */
export function memoryOutboxStore(): OutboxStore {
  const entries = new Map<string, OutboxEntry>()
  return {
    load: async () => [...entries.values()],
    put: async (entry) => void entries.set(entry.cid, entry),
    remove: async (cid) => void entries.delete(cid),
  }
}

/** What this needs of `localStorage`. */
export type KeyValueStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

/**
 * Keeps the outbox in a browser, one key per message, so that two tabs never overwrite each other. `owner` is the user at
 * one server: what one person wrote is never sent as another.
 */
export function webOutboxStore(owner: string, storage: KeyValueStore): OutboxStore {
  const prefix = `switchboard.outbox.${owner}.`
  const keys = () =>
    Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').filter((key) =>
      key.startsWith(prefix),
    )
  return {
    load: async () => keys().flatMap((key) => parsed(storage.getItem(key))),
    put: async (entry) => storage.setItem(prefix + entry.cid, JSON.stringify(entry)),
    remove: async (cid) => storage.removeItem(prefix + cid),
  }
}

/** An entry that another version wrote and this one cannot read is passed over. */
export function parsed(json: string | null): OutboxEntry[] {
  try {
    const entry = JSON.parse(json ?? '') as Partial<OutboxEntry>
    const { cid, room, text, at } = entry
    const whole =
      typeof cid === 'string' && typeof room === 'string' && typeof text === 'string' && typeof at === 'number'
    return whole ? [entry as OutboxEntry] : []
  } catch {
    return []
  }
}
