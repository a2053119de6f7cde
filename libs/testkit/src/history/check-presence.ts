import type { Facts } from './facts.ts'
import type { Final } from './records.ts'
import { isMemberAt } from './rooms.ts'

type FinalOnline = Extract<Final, { type: 'final-online' }>
type FinalMembers = Extract<Final, { type: 'final-members' }>

/** Who is online, and who is in a room, when everything is quiet again. The last time that somebody asked counts. */
export function checkPresence({ records, findings, rooms }: Facts): void {
  const online = new Map<string, FinalOnline>()
  const members = new Map<string, FinalMembers>()
  for (const record of records) {
    if (record.type === 'final-online') online.set(record.room, record)
    else if (record.type === 'final-members') members.set(record.room, record)
  }
  for (const record of online.values()) {
    for (const user of without(record.online, record.truth))
      findings.add('ghost-online', `${record.room}: ${user} is shown online, and has no connection`, [record])
    for (const user of without(record.truth, record.online))
      findings.add('missing-online', `${record.room}: ${user} is connected, and not shown online`, [record])
  }
  for (const record of members.values()) {
    const room = rooms.get(record.room)
    if (!room || room.finals.length === 0) continue
    const truth = [...room.memberships.keys()].filter((user) => isMemberAt(room, user, room.head))
    for (const user of without(record.members, truth))
      findings.add('wrong-members', `${record.room}: ${user} is listed, and is no member`, [record])
    for (const user of without(truth, record.members))
      findings.add('wrong-members', `${record.room}: ${user} is a member, and is not listed`, [record])
  }
}

function without(all: readonly string[], these: readonly string[]): string[] {
  const known = new Set(these)
  return [...new Set(all)].filter((one) => !known.has(one))
}
