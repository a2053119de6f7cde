import type { DeskEventDocument, EventDocument, UserEventDocument } from './documents.ts'

type Fields = Readonly<Record<string, unknown>>

/** One update of one document. Only operators that every database we run on has. */
export interface Update {
  /** `_id`, and for guarded updates what must still be older. */
  readonly filter: { readonly _id: string } & Fields
  readonly update: {
    readonly $set?: Fields
    readonly $unset?: Fields
    readonly $max?: Fields
    readonly $setOnInsert?: Fields
  }
  /**
   * `none`: a document that is not there, or is newer, is left alone. `guarded`: made if it is not there; where the guard holds it
   * back, the server tries to insert it and refuses the second key, which says that the document is newer. `plain`: made if it is
   * not there, and no guard.
   */
  readonly upsert: 'none' | 'guarded' | 'plain'
}

/** The texts that edits of a deleted message had. */
export interface Redaction {
  readonly room: string
  readonly target: number
}

/**
 * What a batch of records does to MongoDB, in the order in which it is to be written. Within one list no two touch the same fields
 * of one document, so that a server may run a list in any order.
 */
export interface Writes {
  /** Inserted; one whose key is there already is the same. */
  readonly events: readonly EventDocument[]
  readonly userEvents: readonly UserEventDocument[]
  readonly deskEvents: readonly DeskEventDocument[]
  /** To `events`. */
  readonly changes: readonly Update[]
  readonly redactions: readonly Redaction[]
  readonly members: readonly Update[]
  readonly memberships: readonly Update[]
  readonly deskAgents: readonly Update[]
  readonly conversations: readonly Update[]
  /** To `members`. */
  readonly marks: readonly Update[]
  /** To `deskAgents`. */
  readonly served: readonly Update[]
  /** The heads move last: what lies below the head of a room or user is all there. */
  readonly rooms: readonly Update[]
  readonly users: readonly Update[]
  readonly desks: readonly Update[]
  /** To `rooms`: the newest message of a room list was edited or deleted. */
  readonly lasts: readonly Update[]
  /** Rooms whose members are to be counted anew, and the seq of the event that makes it necessary. */
  readonly counts: readonly { readonly room: string; readonly at: number }[]
  readonly positions: readonly Update[]
}
