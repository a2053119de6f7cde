import { shownState } from './check-desk-rooms.ts'
import type { Facts } from './facts.ts'
import type { JournalRecord } from './records.ts'
import type { StandingSeen } from './records-desk.ts'
import { observerOf } from './rooms.ts'

const KEPT: ReadonlySet<string> = new Set([
  'queued',
  'offered',
  'assigned',
  'transferring',
  'held',
  'snoozed',
  'closed',
  'moved',
])
const OWNED: ReadonlySet<string> = new Set(['assigned', 'transferring', 'held', 'snoozed'])

/** A conversation as somebody was told of it, whoever told them: its desk, its room or an answer. */
interface Sighting extends StandingSeen {
  readonly conversation: string
  readonly record: JournalRecord
  /** Whose sightings come in order: to these, revisions never go back. */
  readonly observer?: string
}

/** G7: one owner at each revision, revisions that only grow, and a last state that somebody answers for. */
export function checkConversations({ records, findings }: Facts): void {
  const revisions = new Map<string, Map<number, Sighting>>()
  const newest = new Map<string, Sighting>()
  const byObserver = new Map<string, Sighting>()
  for (const record of records)
    for (const sighting of sightingsIn(record)) {
      const { conversation, revision, observer } = sighting
      const known = revisions.get(conversation) ?? new Map<number, Sighting>()
      revisions.set(conversation, known)
      const same = known.get(revision)
      if (!same) known.set(revision, sighting)
      else if (same.agent !== sighting.agent || shownState(same.state) !== shownState(sighting.state)) {
        const message = `${conversation}: at revision ${revision} it is ${stateOf(same)}, and ${stateOf(sighting)}`
        findings.add('two-owners', message, [same.record, record])
      }
      if ((newest.get(conversation)?.revision ?? -1) < revision) newest.set(conversation, sighting)
      if (observer === undefined) continue
      const before = byObserver.get(`${observer} ${conversation}`)
      if (before && before.revision > revision) {
        const message = `${conversation}: ${observer} was told of revision ${before.revision}, and then of ${revision}`
        findings.add('revision-back', message, [before.record, record])
      }
      byObserver.set(`${observer} ${conversation}`, sighting)
    }
  for (const [conversation, last] of newest) {
    if (KEPT.has(last.state) && (!OWNED.has(last.state) || last.agent !== null)) continue
    findings.add('conversation-lost', `${conversation} is ${stateOf(last)} in the end`, [last.record])
  }
}

/** Whoever tells of a conversation, and how it stood by their word. */
function sightingsIn(record: JournalRecord): Sighting[] {
  switch (record.type) {
    case 'desk-seen':
    case 'final-desk': {
      const events = record.type === 'desk-seen' ? [record.event] : record.events
      const observer = record.type === 'desk-seen' ? record.client : `the ${record.source} of ${record.desk}`
      return events.flatMap((event) => {
        if (event.type !== 'conversation.changed') return []
        const shown = record.type === 'desk-seen' ? record : { ...record, events: [event] }
        return [{ ...event.conversation, record: shown, observer }]
      })
    }
    case 'seen':
    case 'final-history': {
      // The room of the notes is told of less, so it may be behind its conversation, never before it.
      const events = record.type === 'seen' ? [record.event] : record.events
      const conversation = record.room.replace(/^n-/, '')
      const observer = `${observerOf(record)} in ${record.room}`
      return events.flatMap((event) => {
        if (!event.standing) return []
        const shown = record.type === 'seen' ? record : { ...record, events: [event] }
        return [{ ...event.standing, conversation, record: shown, observer }]
      })
    }
    case 'desk-return': {
      const { conversation, standing } = record
      return conversation === undefined || !standing ? [] : [{ ...standing, conversation, record }]
    }
    default:
      return []
  }
}

const stateOf = ({ state, agent }: Sighting): string =>
  agent === null ? `${state} with no owner` : `${state} with ${agent}`
