import assert from 'node:assert/strict'
import type { Redaction, Update, Writes } from '../src/writes.ts'

type Fields = Record<string, unknown>
type Table = Map<string, Fields>

const TABLES = ['events', 'user_events', 'rooms', 'members', 'memberships', 'users', 'positions'] as const
type Name = (typeof TABLES)[number]

/** The few rules of a document database that the writes rely on, in memory. One update is atomic; nothing else is. */
export class ModelDatabase {
  readonly #tables = new Map<Name, Table>(TABLES.map((name) => [name, new Map()]))

  of(name: Name): Table {
    const table = this.#tables.get(name)
    assert(table)
    return table
  }

  /** Everything, as something that can be compared. */
  dump(): Record<string, Fields[]> {
    const sorted = (table: Table) => [...table.values()].sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1))
    return Object.fromEntries(TABLES.map((name) => [name, structuredClone(sorted(this.of(name)))]))
  }

  /** The steps of a batch, in order: a caller may stop between any two, or let another writer go on. */
  *steps(writes: Writes): Generator<void> {
    for (const [name, documents] of [
      ['events', writes.events],
      ['user_events', writes.userEvents],
    ] as const) {
      for (const document of documents) {
        if (!this.of(name).has(document._id)) this.of(name).set(document._id, structuredClone({ ...document }))
        yield
      }
    }
    const lists = [
      ['members', writes.members],
      ['memberships', writes.memberships],
      ['events', writes.changes],
      ['members', writes.marks],
    ] as const
    for (const [name, updates] of lists) yield* this.#updates(name, updates)
    for (const redaction of writes.redactions) yield this.#redact(redaction)
    yield* this.#updates('rooms', writes.rooms)
    yield* this.#updates('users', writes.users)
    yield* this.#updates('rooms', writes.lasts)
    for (const { room, at } of writes.counts) {
      const present = [...this.of('members').values()].filter((member) => member.room === room && member.gone === false)
      yield
      const filter = { _id: room, counted: { $lt: at } }
      yield this.#update('rooms', {
        filter,
        update: { $set: { members: present.length, counted: at } },
        upsert: 'none',
      })
    }
    yield* this.#updates('positions', writes.positions)
  }

  apply(writes: Writes): void {
    for (const _ of this.steps(writes));
  }

  *#updates(name: Name, updates: readonly Update[]): Generator<void> {
    for (const update of updates) yield this.#update(name, update)
  }

  #update(name: Name, { filter, update, upsert }: Update): void {
    const table = this.of(name)
    const found = table.get(filter._id)
    if (found && !matches(found, filter)) return
    if (!found && upsert === 'none') return
    const document = found ?? { _id: filter._id, ...update.$setOnInsert }
    table.set(filter._id, document)
    for (const [path, value] of Object.entries(update.$set ?? {})) put(document, path, structuredClone(value))
    for (const path of Object.keys(update.$unset ?? {})) delete document[path]
    for (const [path, value] of Object.entries(update.$max ?? {})) {
      put(document, path, Math.max(Number(value), Number(get(document, path) ?? Number.NEGATIVE_INFINITY)))
    }
  }

  #redact({ room, target }: Redaction): void {
    for (const event of this.of('events').values()) {
      if (event.room === room && event.type === 'message.edited' && event.target === target) delete event.text
    }
  }
}

const get = (document: Fields, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Fields | undefined | null)?.[name], document)

function put(document: Fields, path: string, value: unknown): void {
  const [first = '', ...rest] = path.split('.')
  if (rest.length === 0) {
    document[first] = value
    return
  }
  const inner = (document[first] ?? {}) as Fields
  document[first] = inner
  put(inner, rest.join('.'), value)
}

function matches(document: Fields, filter: Readonly<Fields>): boolean {
  return Object.entries(filter).every(([path, wanted]) => {
    const value = get(document, path)
    if (typeof wanted !== 'object' || wanted === null) return value === wanted
    const condition = wanted as { $lt?: number; $ne?: unknown }
    if (condition.$lt !== undefined) return typeof value === 'number' && value < condition.$lt
    return value !== condition.$ne
  })
}
