import type { Standing } from '@switchboard/contracts/desk-events'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import type { GlobalRole, RoomCommand, StandingCommand } from '@switchboard/contracts/records'
import type { Decision } from './decide-room.ts'
import type { RoomState } from './room.ts'
import { complete, type Draft } from './room-draft.ts'

/**
 * The rooms of a conversation follow their desk: who is a member, and who may write. What the desk said last is known here, so an
 * agent who is not responsible any more is refused in the room's own order: two agents cannot both answer.
 */
export function fence(state: RoomState, standing: Standing, command: RoomCommand): Refusal | undefined {
  const { from, roles = [] } = command
  if (command.method === 'mark.read' || roles.includes('api')) return undefined
  if (command.method === 'room.leave')
    return refuse('permission_denied', { message: 'who has a part in a conversation is for its desk to say' })
  if (!command.method.startsWith('message.')) return undefined
  if (from === standing.visitor) return undefined
  if (state.kind === 'notes' && command.method === 'message.send' && isChief(roles)) return undefined
  if (from === standing.agent && standing.state !== 'closed') return undefined
  const { agent, revision } = standing
  // Visitors learn nothing of conversations of others. Whoever else knows of this one is an agent who had it, or saw it wait.
  if (!state.members.has(from) && roles.every((role) => role === 'visitor'))
    return refuse('not_a_member', { field: 'room' })
  return refuse('conflict', {
    field: 'room',
    message: 'Somebody else is responsible for this conversation by now.',
    state: { state: standing.state, agent, revision },
  })
}

/** True for those who may act on all desks; an edge adds the role for a supervisor of this one, whom the desk has named. */
export const isChief = (roles: readonly GlobalRole[] | undefined): boolean =>
  roles?.some((role) => role === 'admin' || role === 'supervisor') === true

/** Who has a part in the room: the visitor in the conversation alone, and the agent who is responsible, until it is closed. */
function membersFor(kind: StandingCommand['body']['kind'], { visitor, agent, state }: Standing): Set<string> {
  const isOpen = agent !== null && state !== 'closed'
  return new Set([...(kind === 'conversation' ? [visitor] : []), ...(isOpen ? [agent] : [])])
}

/** Brings the room in line with its desk. What is older than what the room knows changes nothing, but a note is not lost by it. */
export function decidePut(state: RoomState, command: StandingCommand, nowMs: number): Decision {
  const { event, kind, title, standing, details, note } = command.body
  const isNewer = standing.revision > (state.standing?.revision ?? 0)
  const drafts: Draft[] = isNewer ? bringInLine(state, { event, kind, title, standing }) : []
  if (details) drafts.push({ type: 'conversation.details', details })
  if (note) drafts.push({ type: 'message', text: note.text, by: note.from })
  if (drafts.length === 0) return { existing: { seq: state.head } }
  return { events: complete(state, command, { drafts, nowMs }) }
}

function bringInLine(
  state: RoomState,
  to: Pick<StandingCommand['body'], 'event' | 'kind' | 'standing'> & { readonly title: string | undefined },
): Draft[] {
  const { event, kind, title, standing } = to
  const wanted = membersFor(kind, standing)
  const told: Draft = { type: event, ...standing }
  if (state.kind === null) {
    const members = [...wanted].map((user) => ({ user, role: 'member' as const }))
    return [{ type: 'room.created', kind, ...(title === undefined ? {} : { title }), members }, told]
  }
  const gone = [...state.members.keys()].filter((user) => !wanted.has(user))
  const come = [...wanted].filter((user) => !state.members.has(user))
  return [
    told,
    ...gone.map((user): Draft => ({ type: 'member.removed', user })),
    ...come.map((user): Draft => ({ type: 'member.added', user, role: 'member' })),
  ]
}
