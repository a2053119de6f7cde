import type { Facts } from './facts.ts'
import type { ConversationSeen } from './records.ts'

const KEPT: ReadonlySet<string> = new Set(['queued', 'offered', 'assigned', 'held', 'closed'])
const OWNED: ReadonlySet<string> = new Set(['assigned', 'held'])

/** G7: one owner at each revision, revisions that only grow, and a last state that somebody answers for. */
export function checkConversations({ records, findings }: Facts): void {
  const revisions = new Map<string, Map<number, ConversationSeen>>()
  const newest = new Map<string, ConversationSeen>()
  const byObserver = new Map<string, ConversationSeen>()
  for (const record of records) {
    if (record.type !== 'conversation') continue
    const { conversation, revision, client } = record
    const known = revisions.get(conversation) ?? new Map<number, ConversationSeen>()
    revisions.set(conversation, known)
    const same = known.get(revision)
    if (!same) known.set(revision, record)
    else if (same.owner !== record.owner || same.state !== record.state) {
      const message = `${conversation}: at revision ${revision} it is ${stateOf(same)}, and ${stateOf(record)}`
      findings.add('two-owners', message, [same, record])
    }
    if ((newest.get(conversation)?.revision ?? -1) < revision) newest.set(conversation, record)
    if (client === undefined) continue
    const before = byObserver.get(`${client} ${conversation}`)
    if (before && before.revision > revision) {
      const message = `${conversation}: ${client} was told of revision ${before.revision}, and then of ${revision}`
      findings.add('revision-back', message, [before, record])
    }
    byObserver.set(`${client} ${conversation}`, record)
  }
  for (const [conversation, last] of newest) {
    if (KEPT.has(last.state) && (!OWNED.has(last.state) || last.owner !== undefined)) continue
    findings.add('conversation-lost', `${conversation} is ${stateOf(last)} in the end`, [last])
  }
}

const stateOf = ({ state, owner }: ConversationSeen): string =>
  owner === undefined ? `${state} with no owner` : `${state} with ${owner}`
