import type { LogEntry } from '@switchboard/bus/log-entry'
import type { EntityKind } from '@switchboard/contracts/ids'
import type { Publication } from '@switchboard/contracts/protocol'

export type { LogEntry } from '@switchboard/bus/log-entry'

/** What follows rooms and people: the log as it grows, and where it stands. Reads reject while NATS is away. */
export interface LogSource {
  /** Hears one entity until unsubscribed. Entries may be lost or doubled, in order otherwise. */
  listen(kind: EntityKind, id: string, ear: Ear): Listening
  /** Resolves when everything listened to before is heard. */
  settled(): Promise<void>
  /** The last entry, the newest that was acknowledged to anybody. */
  head(kind: EntityKind, id: string): Promise<LogEntry | null>
  /** The last entries of many, which may be old. */
  heads(kind: EntityKind, ids: readonly string[]): Promise<Map<string, LogEntry>>
  /** Entries after the stream sequence `after`, up to and with `upTo`. */
  tail(entity: { kind: EntityKind; id: string }, after: number, upTo: number): Promise<LogEntry[]>
  /** The epoch of an entity that has no entry in the log. */
  epoch(kind: EntityKind, id: string): Promise<string>
}

/** The way from a head backwards. */
export interface BackSource {
  /** The newest entries, at most so many, from the one with the event `after + 1` up to that of the head; null where they are not to be had. */
  back(at: Standing, after: number, most: number): Promise<LogEntry[] | null>
}

/** Where an entity stands. */
export interface Standing {
  readonly kind: EntityKind
  readonly id: string
  readonly epoch: string
  readonly head: number
  /** Stream sequence of the entry of the head, 0 if it is not known. */
  readonly logSeq: number
}

export interface Listening {
  unsubscribe(): void
}

export interface Ear {
  take(entry: LogEntry): void
  /** Sockets that it hands entries on to. */
  readonly sockets: number
  /** Signals, one a line. */
  signal(payload: Uint8Array): void
}

/** What is not in memory any more: the newest of it from the log, the rest from storage. */
export interface Archive {
  /** Number of the last event, 0 if there is none. Rejects when storage is away. */
  head(kind: EntityKind, id: string): Promise<number>
  /** All events after `after` up to `upTo`; null if they are more than may be recovered, or not all there. Rejects when storage is away. */
  events(at: Standing, after: number, upTo: number): Promise<Publication[] | null>
}
