import Type, { type Static } from 'typebox'
import {
  Agent,
  Breach,
  Conversation,
  ConversationChange,
  ConversationState,
  DeskSettings,
  Details,
  GoneOffer,
  Rating,
} from './desks.ts'
import { event } from './event.ts'
import { ConversationId, DeskId, OfferId, UserId } from './ids.ts'
import { Comment } from './text.ts'

/**
 * What of its desk a conversation's room knows: who is responsible, and since which revision. All of it is in every event, so that
 * the newest one tells how things stand.
 */
export const standing = {
  desk: DeskId,
  visitor: UserId,
  state: ConversationState,
  agent: Type.Union([UserId, Type.Null()]),
  revision: Type.Integer({ minimum: 1 }),
  until: Type.Optional(Type.Integer({ description: 'Of one that was put off: milliseconds since the epoch' })),
  bot: Type.Optional(Type.Boolean({ description: 'True: `agent` is a bot' })),
  offline: Type.Optional(Type.Boolean({ description: 'True: it waits since nobody was there; an answer comes later' })),
}
const Standing = Type.Object(standing)
/** What a conversation's room knows of its desk. */
export type Standing = Static<typeof Standing>

/** Events of the room of a conversation, beside those that every room has. The visitor sees them: nothing of why stands in them. */
export const CONVERSATION_EVENTS = {
  'conversation.queued': event('conversation.queued', 'Nobody is responsible: it waits', standing),
  'conversation.assigned': event('conversation.assigned', '`agent` is responsible', standing),
  'conversation.transferred': event(
    'conversation.transferred',
    'It is handed on: `agent` is responsible until somebody else is; null says that it waits',
    standing,
  ),
  'conversation.held': event(
    'conversation.held',
    'The agent has put it aside, for a while or until a moment',
    standing,
  ),
  'conversation.resumed': event('conversation.resumed', 'The agent is back at it', standing),
  'conversation.closed': event(
    'conversation.closed',
    'It has ended; a message of the visitor opens it again',
    standing,
  ),
  'conversation.reopened': event('conversation.reopened', 'It goes on', standing),
  'conversation.details': event(
    'conversation.details',
    'Only in the room of the agents’ notes: what the visitor filled in, and where they were',
    { details: Details },
  ),
} as const

/** Events of `user:<id>` that a desk brings about. */
export const OFFER_EVENTS = {
  offer: event('offer', 'A conversation is offered to you until `expires_at`, in milliseconds since the epoch', {
    offer: OfferId,
    conversation: ConversationId,
    desk: DeskId,
    expires_at: Type.Integer(),
  }),
  'offer.gone': event('offer.gone', 'This offer does not stand any more', {
    offer: OfferId,
    conversation: ConversationId,
    reason: GoneOffer.properties.reason,
  }),
} as const

/** A digest of the command that an event came of, as the event itself says more than was asked for. */
const meant = { meant: Type.Optional(Type.String({ description: 'Of our own, to know a cid again' })) }

/** Every event of `desk:<id>`, the agents' view of the queue. Each carries what it changed as a whole. */
export const DESK_EVENTS = {
  'desk.updated': event('desk.updated', 'The settings of the desk', { settings: DeskSettings, ...meant }),
  'agent.updated': event('agent.updated', 'An agent, as they are by now', { agent: Agent, ...meant }),
  'agent.removed': event('agent.removed', 'No agent of this desk any more', { user: UserId, ...meant }),
  'conversation.changed': event('conversation.changed', 'A conversation, as it is by now', {
    change: ConversationChange,
    conversation: Conversation,
    gone: Type.Optional(GoneOffer),
    details: Type.Optional(Details),
    note: Type.Optional(Type.Object({ from: UserId, text: Comment })),
    rating: Type.Optional(Rating),
    breached: Type.Optional(Breach),
    ...meant,
  }),
} as const

export type ConversationEvent = {
  [Name in keyof typeof CONVERSATION_EVENTS]: Static<(typeof CONVERSATION_EVENTS)[Name]>
}[keyof typeof CONVERSATION_EVENTS]
export type OfferEvent = {
  [Name in keyof typeof OFFER_EVENTS]: Static<(typeof OFFER_EVENTS)[Name]>
}[keyof typeof OFFER_EVENTS]
export type DeskEvent = {
  [Name in keyof typeof DESK_EVENTS]: Static<(typeof DESK_EVENTS)[Name]>
}[keyof typeof DESK_EVENTS]
/** The types of event that tell a room how its conversation stands. */
export type StandingEventName = Exclude<keyof typeof CONVERSATION_EVENTS, 'conversation.details'>
