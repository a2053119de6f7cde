import { type ConversationChanged, causeOf, type DeskFacts, type DesksFacts, isChange } from './desk-facts.ts'
import type { Facts } from './facts.ts'
import type { JournalRecord } from './records.ts'
import type { DeskConversation, DeskEventSeen, DeskSeen } from './records-desk.ts'

const SYSTEM = 'system'
const onlyOf = (record: JournalRecord, event: DeskEventSeen): JournalRecord =>
  record.type === 'final-desk' ? { ...record, events: [event] } : record

/** Events of a desk have one order for everybody, without holes, and each cid once. */
export function checkDeskLog({ findings }: Facts, { desks }: DesksFacts): void {
  for (const facts of desks.values()) {
    const { desk, finals, events, bySeq } = facts
    // Agents come and go while the end is read: what nobody had seen before that may be missing in it.
    const readMs = Math.max(...finals.map(({ atMs }) => atMs))
    const last = Math.max(0, ...[...bySeq].map(([seq, { record }]) => (record.atMs <= readMs ? seq : 0)))
    for (const final of finals) {
      let next = final.source === 'log' ? (final.events[0]?.seq ?? 1) : 1
      for (const event of final.events) {
        if (event.seq !== next)
          findings.add('hole', `${desk}: the ${final.source} has event ${event.seq} of the desk after ${next - 1}`, [
            onlyOf(final, event),
          ])
        next = event.seq + 1
        compare({ findings }, facts, { event, record: final })
      }
      if (next <= last)
        findings.add('hole', `${desk}: the ${final.source} ends at event ${next - 1}, and the desk at ${last}`)
    }
    const first = new Map<string, DeskEventSeen>()
    for (const event of events) {
      if (event.from === SYSTEM) continue
      const before = first.get(causeOf(event.from, event.cid))
      if (before)
        findings.add('duplicate', `${desk}: ${event.cid} of ${event.from} is event ${before.seq} and ${event.seq}`)
      else first.set(causeOf(event.from, event.cid), event)
    }
  }
}

/** What agents were handed is what is kept, each event once and in order. */
export function checkDeskFeeds(facts: Facts, { desks }: DesksFacts): void {
  const last = new Map<string, DeskSeen>()
  for (const record of facts.records) {
    if (record.type !== 'desk-seen') continue
    const { client, desk, event } = record
    const of = desks.get(desk)
    if (of) compare(facts, of, { event, record })
    const before = last.get(`${client} ${desk}`)
    if (before && before.event.seq >= event.seq)
      facts.findings.add('duplicate', `${desk}: ${client} was handed event ${event.seq} after ${before.event.seq}`, [
        before,
        record,
      ])
    last.set(`${client} ${desk}`, record)
  }
}

function compare(
  { findings }: Pick<Facts, 'findings'>,
  { desk, bySeq }: DeskFacts,
  { event, record }: { event: DeskEventSeen; record: JournalRecord },
): void {
  const known = bySeq.get(event.seq)
  if (!known || JSON.stringify(known.event) === JSON.stringify(event)) return
  findings.add('different-order', `${desk}: event ${event.seq} of the desk is not the same to everybody`, [
    onlyOf(known.record, known.event),
    onlyOf(record, event),
  ])
}

/** What an agent has, as capacity counts it. */
class Loads {
  readonly #of = new Map<string, Set<string>>()

  put(conversation: DeskConversation | undefined, isThere: boolean): void {
    if (!conversation) return
    for (const agent of holdersOf(conversation)) {
      const own = this.#of.get(agent) ?? new Set()
      this.#of.set(agent, own)
      if (isThere) own.add(conversation.conversation)
      else own.delete(conversation.conversation)
    }
  }

  of(agent: string): number {
    return this.#of.get(agent)?.size ?? 0
  }
}

/** Who has it or is asked; what was put off does not count, and what is over is nobody's. */
function holdersOf({ state, agent, offer }: DeskConversation): string[] {
  if (state === 'closed' || state === 'moved') return []
  return [...(agent !== null && state !== 'snoozed' ? [agent] : []), ...(offer === null ? [] : [offer.agent])]
}

/**
 * Plays the events of each desk again: nobody gets more than they take, whoever came earlier with the same needs is asked
 * earlier, and nobody acts on what they did not see.
 */
export function checkDeskRules(facts: Facts, all: DesksFacts): void {
  for (const desk of all.desks.values()) {
    // Without the whole of it nobody knows what there was before.
    if (desk.finals.length > 0) playAgain({ facts, all, desk: desk.desk, loads: new Loads() }, desk.events)
  }
}

interface Playing {
  readonly facts: Facts
  readonly all: DesksFacts
  readonly desk: string
  readonly loads: Loads
}

function playAgain(playing: Playing, events: readonly DeskEventSeen[]): void {
  const capacities = new Map<string, number>()
  const conversations = new Map<string, DeskConversation>()
  const waiting = new Map<string, DeskConversation>()
  for (const event of events) {
    if (event.type === 'agent.updated') capacities.set(event.agent.user, event.agent.capacity)
    if (!isChange(event)) continue
    const { conversation } = event
    const id = conversation.conversation
    const before = conversations.get(id)
    checkFence(playing, event, before)
    waiting.delete(id)
    if (event.change === 'offered') checkTurn(playing, event, waiting)
    const loads = holdersOf(conversation).map((agent) => ({ agent, had: playing.loads.of(agent) }))
    playing.loads.put(before, false)
    playing.loads.put(conversation, true)
    for (const { agent, had } of loads) {
      const [has, takes] = [playing.loads.of(agent), capacities.get(agent) ?? 0]
      if (has <= had || has <= takes) continue
      const message = `${playing.desk}: ${agent} takes ${takes} conversations, and has ${has} at event ${event.seq}`
      playing.facts.findings.add('capacity-exceeded', `${message}, by ${event.change}`, [evidence(playing, event)])
    }
    conversations.set(id, conversation)
    if (conversation.state === 'queued') waiting.set(id, conversation)
  }
}

const evidence = ({ all, desk }: Playing, event: DeskEventSeen): JournalRecord | undefined => {
  const known = all.desks.get(desk)?.bySeq.get(event.seq)
  return known && onlyOf(known.record, event)
}

const isEarlier = (a: DeskConversation, b: DeskConversation): boolean =>
  a.entered_at < b.entered_at || (a.entered_at === b.entered_at && a.ticket < b.ticket)

function checkTurn(playing: Playing, event: ConversationChanged, waiting: ReadonlyMap<string, DeskConversation>): void {
  const { conversation } = event
  for (const other of waiting.values()) {
    if (other.priority !== conversation.priority || other.skill !== conversation.skill) continue
    if (!isEarlier(other, conversation)) continue
    const message = `${playing.desk}: ${conversation.conversation} is offered at event ${event.seq}, and`
    playing.facts.findings.add('queue-order', `${message} ${other.conversation} came before it and waits`, [
      evidence(playing, event),
    ])
    return
  }
}

/** Whoever acts has seen how it stands: the revision that they name is the one that there was. */
function checkFence(playing: Playing, event: ConversationChanged, before: DeskConversation | undefined): void {
  const wish = playing.all.wishes.get(causeOf(event.from, event.cid))
  if (!wish || !before) return
  const { revision, offer } = wish.invoke.operation
  const isOld = revision !== undefined && revision !== before.revision
  const isVoid = offer !== undefined && (before.offer?.offer !== offer || before.offer.agent !== wish.user)
  if (!isOld && !isVoid) return
  const seen = isOld ? `revision ${revision}` : `the offer ${offer}`
  const what = `${playing.desk}: ${event.change} by ${wish.user}, who saw ${seen},`
  const message = `${what} changed revision ${before.revision}`
  playing.facts.findings.add('fence-broken', message, [wish.invoke, wish.acked, evidence(playing, event)])
}
