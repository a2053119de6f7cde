import { type MembershipDocument, membershipKey, positionKey, type UserEventDocument } from './documents.ts'
import { userEventDocument } from './event-document.ts'
import {
  addDeskEntry,
  type DeskFold,
  deskAgentsOf,
  deskOf,
  foldDesk,
  newestConversations,
  servedOf,
} from './projection-desk.ts'
import {
  addEntry,
  changesOf,
  countsOf,
  foldRoom,
  lastsOf,
  markMember,
  marksOf,
  membersOf,
  type RoomFold,
  redactionsOf,
  roomOf,
} from './projection-room.ts'
import type { Content, Origin, StoredRecord } from './record.ts'
import type { Update, Writes } from './writes.ts'

/** What a batch makes of one person. */
interface UserFold {
  readonly user: string
  readonly documents: UserEventDocument[]
  readonly memberships: Map<string, Partial<MembershipDocument> & { user_seq: number }>
  readonly position: { head: number; at: number; epoch: string; log_seq: number }
}

const foldUser = (user: string): UserFold => ({
  user,
  documents: [],
  memberships: new Map(),
  position: { head: 0, at: 0, epoch: '', log_seq: 0 },
})

function addUserEntry(fold: UserFold, entry: Extract<Content, { kind: 'user' }>): void {
  for (const event of entry.events) {
    fold.documents.push(userEventDocument(fold.user, event))
    if (event.type !== 'room.added' && event.type !== 'room.removed') continue
    const { seq: user_seq, at, room, room_seq } = event
    const gone = event.type === 'room.removed'
    const known = gone ? {} : { kind: event.kind, title: event.title ?? null }
    fold.memberships.set(room, { ...fold.memberships.get(room), room, room_seq, at, gone, user_seq, ...known })
  }
  const last = entry.events.at(-1)
  if (!last || last.seq < fold.position.head) return
  Object.assign(fold.position, { head: last.seq, at: last.at, epoch: entry.range.epoch, log_seq: entry.logSeq })
}

const membershipsOf = ({ user, memberships }: UserFold): Update[] =>
  [...memberships].map(([room, membership]) => ({
    filter: { _id: membershipKey(user, room), user_seq: { $lt: membership.user_seq } },
    update: {
      $set: { user, ...membership },
      ...(membership.kind ? {} : { $setOnInsert: { kind: 'group', title: null } }),
    },
    upsert: 'guarded',
  }))

const userOf = ({ user, position }: UserFold): Update => ({
  filter: { _id: user, head: { $lt: position.head } },
  update: { $set: position },
  upsert: 'guarded',
})

/** The furthest of each partition. */
function positionsOf(records: readonly StoredRecord[]): Update[] {
  const furthest = new Map<string, Origin>()
  for (const { origin } of records) {
    const key = positionKey(origin.source, origin.partition, origin.incarnation)
    if (origin.seq > (furthest.get(key)?.seq ?? 0)) furthest.set(key, origin)
  }
  return [...furthest].map(([_id, { seq }]) => ({
    filter: { _id, seq: { $lt: seq } },
    update: { $set: { seq } },
    upsert: 'guarded',
  }))
}

const ofKey = <Fold>(folds: Map<string, Fold>, key: string, make: (key: string) => Fold): Fold => {
  const fold = folds.get(key) ?? make(key)
  folds.set(key, fold)
  return fold
}

/**
 * What a batch of records does to MongoDB. Pure. Whatever was stored before, and however often and in whatever batches, the
 * documents are the same in the end, as long as a batch begins no later than one after the last event of each room that is stored.
 */
export function project(records: readonly StoredRecord[]): Writes {
  const rooms = new Map<string, RoomFold>()
  const users = new Map<string, UserFold>()
  const desks = new Map<string, DeskFold>()
  for (const { content } of records) {
    if (content.kind === 'room') addEntry(ofKey(rooms, content.id, foldRoom), content)
    else if (content.kind === 'user') addUserEntry(ofKey(users, content.id, foldUser), content)
    else if (content.kind === 'desk') addDeskEntry(ofKey(desks, content.id, foldDesk), content)
    else if (content.kind === 'mark')
      markMember(ofKey(rooms, content.mark.room, foldRoom), content.mark.user, content.mark)
  }
  const roomFolds = [...rooms.values()]
  const userFolds = [...users.values()]
  const deskFolds = [...desks.values()]
  return {
    events: roomFolds.flatMap(({ documents }) => documents),
    userEvents: userFolds.flatMap(({ documents }) => documents),
    deskEvents: deskFolds.flatMap(({ documents }) => documents),
    changes: roomFolds.flatMap(changesOf),
    redactions: roomFolds.flatMap(redactionsOf),
    members: roomFolds.flatMap(membersOf),
    memberships: userFolds.flatMap(membershipsOf),
    deskAgents: deskFolds.flatMap(deskAgentsOf),
    conversations: newestConversations(deskFolds),
    marks: roomFolds.flatMap(marksOf),
    served: deskFolds.flatMap(servedOf),
    rooms: roomFolds.flatMap(roomOf),
    users: userFolds.map(userOf),
    desks: deskFolds.map(deskOf),
    lasts: roomFolds.flatMap(lastsOf),
    counts: roomFolds.flatMap(countsOf),
    positions: positionsOf(records),
  }
}
