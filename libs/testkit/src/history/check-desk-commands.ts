import { causeOf, type DesksFacts, type DeskWish, isChange } from './desk-facts.ts'
import type { Facts } from './facts.ts'
import type { DeskEventSeen, DeskOperation } from './records-desk.ts'

/** What each thing that is asked for looks like when it has happened. */
const EFFECTS: Readonly<Record<Exclude<DeskOperation['name'], 'status'>, readonly string[]>> = {
  enter: ['entered'],
  leave: ['left'],
  rate: ['rated'],
  accept: ['accepted'],
  decline: ['declined', 'returned'],
  pick: ['picked'],
  transfer: ['transferred', 'moved'],
  hold: ['held'],
  snooze: ['snoozed'],
  resume: ['resumed'],
  close: ['closed'],
  reopen: ['reopened'],
  priority: ['prioritized'],
  tag: ['tagged'],
  take: ['taken'],
}

/** Acknowledged means done, refused means not done, and whoever has entered is somewhere. */
export function checkDeskCommands(facts: Facts, all: DesksFacts): void {
  if (facts.options.withoutFinals) return
  const caused = new Map<string, DeskEventSeen>()
  for (const { events } of all.desks.values())
    for (const event of events) caused.set(causeOf(event.from, event.cid), event)
  for (const wish of all.wishes.values()) {
    const event = caused.get(causeOf(wish.user, wish.invoke.operation.cid))
    if (wish.acked) checkAcked({ facts, all }, wish, event)
    else if (event && wish.open === 0 && wish.answers.every(({ outcome }) => outcome === 'refused')) {
      const what = `${wish.invoke.operation.name} of ${wish.user}`
      const message = `${what} was refused, and is event ${event.seq} all the same`
      facts.findings.add('refused-applied', message, [wish.invoke, wish.answers[0]])
    }
  }
}

interface Place {
  readonly facts: Facts
  readonly all: DesksFacts
}

function checkAcked({ facts, all }: Place, wish: DeskWish, event: DeskEventSeen | undefined): void {
  const { invoke, acked, user } = wish
  const { name } = invoke.operation
  const id = acked?.conversation
  const what = `${name} ${invoke.operation.cid} of ${user}`
  if (name === 'enter' && (id === undefined || all.visitorOf.get(id) !== user)) {
    const message = `${what} was acknowledged as ${id}, and no desk has that conversation`
    facts.findings.add('conversation-lost', message, [invoke, acked])
  } else if (!event && !isNothingToDo(all, wish)) {
    facts.findings.add('desk-without-effect', `${what} was acknowledged, and has changed nothing`, [invoke, acked])
  } else if (event && !isEffect(name, event)) {
    const change = isChange(event) ? event.change : event.type
    facts.findings.add('desk-without-effect', `${what} was acknowledged, and is ${change}`, [invoke, acked])
  }
}

function isEffect(name: DeskOperation['name'], event: DeskEventSeen): boolean {
  if (name === 'status') return event.type === 'agent.updated'
  return isChange(event) && EFFECTS[name].includes(event.change)
}

/** What was so already is answered as it is, and no event says it again. */
function isNothingToDo({ changes }: DesksFacts, { invoke, acked }: DeskWish): boolean {
  const { name } = invoke.operation
  const known = changes.get(acked?.conversation ?? '') ?? []
  const upTo = acked?.standing?.revision ?? 0
  if (name === 'enter') return known.some(({ conversation }) => conversation.revision <= upTo)
  const states = known.filter(({ conversation }) => conversation.revision <= upTo).map((one) => one.conversation.state)
  if (name === 'leave') return states.includes('closed')
  return name === 'reopen' && states.some((state) => state !== 'closed')
}

/** Owned by an agent who has had no connection for longer than the desk waits: nobody answers for it. */
export function checkRequeued(facts: Facts, all: DesksFacts): void {
  const goneMs = goneSince(facts)
  for (const { finals, events } of all.desks.values()) {
    const [final] = finals
    if (!final) continue
    const seconds = events.findLast((event) => event.type === 'desk.updated')?.requeue_seconds ?? 0
    const newest = new Map(events.filter(isChange).map((event) => [event.conversation.conversation, event]))
    for (const event of newest.values()) {
      const { conversation, agent, state } = event.conversation
      if (agent === null || state === 'closed' || state === 'moved' || state === 'snoozed') continue
      const awayMs = final.atMs - (goneMs.get(agent) ?? final.atMs)
      if (awayMs <= seconds * 1_000 + facts.options.requeueMarginMs) continue
      const message = `${conversation} is ${state} with ${agent}, who has been gone for ${Math.round(awayMs)} ms`
      facts.findings.add('not-requeued', message, [{ ...final, events: [event] }])
    }
  }
}

/** By user without a connection: since when. */
function goneSince({ records }: Facts): Map<string, number> {
  const open = new Map<string, Set<string>>()
  const gone = new Map<string, number>()
  for (const record of records) {
    if (record.type !== 'connection') continue
    const { user, client, state, atMs } = record
    const own = open.get(user) ?? new Set()
    open.set(user, own)
    if (state === 'connected') own.add(client)
    else own.delete(client)
    if (own.size > 0) gone.delete(user)
    else if (!gone.has(user)) gone.set(user, atMs)
  }
  return gone
}
