import type { DeskEvent, StandingEventName } from '@switchboard/contracts/desk-events'
import type { ConversationChange, ConversationState } from '@switchboard/contracts/desks'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { StandingCommand } from '@switchboard/contracts/records'
import { notesOf } from './desk-ids.ts'
import type { Effect } from './user.ts'

type Changed = Extract<DeskEvent, { type: 'conversation.changed' }>

/** What a change is called in the room of the conversation; changes that are not here are none there. */
const TOLD: Partial<Record<ConversationChange, StandingEventName>> = {
  entered: 'conversation.queued',
  received: 'conversation.queued',
  requeued: 'conversation.queued',
  greeted: 'conversation.assigned',
  accepted: 'conversation.assigned',
  picked: 'conversation.assigned',
  taken: 'conversation.assigned',
  returned: 'conversation.assigned',
  transferred: 'conversation.transferred',
  moved: 'conversation.transferred',
  held: 'conversation.held',
  snoozed: 'conversation.held',
  resumed: 'conversation.resumed',
  woken: 'conversation.resumed',
  left: 'conversation.closed',
  closed: 'conversation.closed',
  reopened: 'conversation.reopened',
}

/** Who is responsible does not change by these, so the room of the notes need not know. */
const NOT_FOR_NOTES: ReadonlySet<ConversationChange> = new Set(['held', 'snoozed', 'resumed', 'returned'])

/**
 * What an event of a desk brings about elsewhere: in the two rooms of the conversation, in the channels of agents, at another desk.
 * It follows from the event alone, so that a router that takes over can send it again. The cids are made of the event.
 */
export function effectsOfDesk(desk: string, event: DeskEvent): Effect[] {
  if (event.type !== 'conversation.changed') return []
  const cid = `${desk}:${event.seq}`
  return [...roomEffects(cid, event), ...offerEffects(cid, event), ...moveEffects(cid, event)]
}

/** To the rooms, what is offered looks as if it waited; and whoever is asked to take it over has no part in it yet. */
const shown = (state: ConversationState): ConversationState => (state === 'offered' ? 'queued' : state)

function roomEffects(cid: string, { change, conversation, details, note }: Changed): Effect[] {
  // A supervisor hands on what waits: nothing changes in its room, and the note must get to the agents all the same.
  const quiet = note && 'conversation.queued'
  const told = change === 'woken' && conversation.agent === null ? 'conversation.queued' : (TOLD[change] ?? quiet)
  const { conversation: id, desk, visitor, agent, bot, revision, until, title, offline } = conversation
  if (told === undefined) return []
  const standing = {
    desk,
    visitor,
    agent,
    revision,
    state: shown(conversation.state),
    ...(until === null ? {} : { until }),
    ...(bot && { bot }),
    ...(offline && agent === null && { offline }),
  }
  const named = title === null ? {} : { title }
  const put = (room: string, body: StandingCommand['body']): Effect => ({
    kind: 'room',
    id: room,
    command: { method: 'conversation.put', from: SYSTEM, cid, body },
  })
  const conversationRoom = put(id, { event: told, kind: 'conversation', ...named, standing })
  if (NOT_FOR_NOTES.has(change) && !note) return [conversationRoom]
  const beside = { ...(details && { details }), ...(note && { note }) }
  return [conversationRoom, put(notesOf(id), { event: told, kind: 'notes', ...named, standing, ...beside })]
}

function offerEffects(cid: string, { change, conversation, gone }: Changed): Effect[] {
  const { conversation: id, desk, offer, revision } = conversation
  const told: Effect[] = []
  if (gone) {
    const { offer: former, agent, reason } = gone
    const body = { offer: former, conversation: id, reason }
    told.push({ kind: 'user', id: agent, command: { method: 'user.offer-gone', from: SYSTEM, cid: `${cid}:g`, body } })
  }
  // Only in the event that makes it: the revision is part of its name, and what is only noted has the same.
  if (offer?.offer.endsWith(`.${revision}`) && (change === 'offered' || change === 'transferred')) {
    const body = { offer: offer.offer, conversation: id, desk, expires_at: offer.expires_at }
    told.push({ kind: 'user', id: offer.agent, command: { method: 'user.offer', from: SYSTEM, cid, body } })
  }
  return told
}

function moveEffects(cid: string, { change, conversation }: Changed): Effect[] {
  if (change !== 'moved' || conversation.moved_to === null) return []
  const command = { method: 'desk.receive', from: SYSTEM, cid, body: { conversation } } as const
  return [{ kind: 'desk', id: conversation.moved_to, command }]
}
