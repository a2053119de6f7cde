import type { PresenceRecord } from '@switchboard/contracts/records'

type Row = PresenceRecord['users'][number]

interface Count {
  sockets: number
  foreground: number
}

/** Sockets of each user at this edge, and which users crossed a line (online or not, looking or not) since last asked. */
export class PresenceTable {
  readonly #counts = new Map<string, Count>()
  readonly #changed = new Set<string>()
  #tell = () => {}

  add(user: string): void {
    this.#change(user, 1, 1)
  }

  remove(user: string, wasForeground: boolean): void {
    this.#change(user, -1, wasForeground ? -1 : 0)
  }

  setForeground(user: string, foreground: boolean): void {
    this.#change(user, 0, foreground ? 1 : -1)
  }

  /** Calls back for each line that is crossed, until the returned function is called. One listener: who says it on. */
  onChange(then: () => void): () => void {
    this.#tell = then
    return () => {
      this.#tell = () => {}
    }
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0
  }

  /** The users that changed since the last call. */
  takeChanges(): Row[] {
    const rows = [...this.#changed].map((user) => this.#row(user))
    this.#changed.clear()
    return rows
  }

  /** Everybody here. */
  whole(): Row[] {
    return [...this.#counts.keys()].map((user) => this.#row(user))
  }

  #row(user: string): Row {
    const count = this.#counts.get(user)
    return [user, count?.sockets ?? 0, count?.foreground ?? 0]
  }

  #change(user: string, sockets: number, foreground: number): void {
    const before = this.#counts.get(user) ?? { sockets: 0, foreground: 0 }
    const after = { sockets: before.sockets + sockets, foreground: before.foreground + foreground }
    if (after.sockets <= 0) this.#counts.delete(user)
    else this.#counts.set(user, after)
    const isOnlineNow = before.sockets > 0 !== after.sockets > 0
    const isLookingNow = before.foreground > 0 !== after.foreground > 0
    if (!isOnlineNow && !isLookingNow) return
    this.#changed.add(user)
    this.#tell()
  }
}
