import { type Refusal, refuse } from '@switchboard/contracts/errors'
import type { Role, RoomEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import type { MessageFacts } from '@switchboard/contracts/queries'
import type { RoomCommand, StandingCommand } from '@switchboard/contracts/records'
import { decidePut, fence, isChief } from './conversation-room.ts'
import { firstMembers } from './intent.ts'
import { heirOf, type RoomState } from './room.ts'
import { complete, type Draft } from './room-draft.ts'

type Of<Method extends RoomCommand['method']> = Extract<RoomCommand, { method: Method }>
/** Commands that become events: all but the read mark. */
export type EventCommand = Exclude<RoomCommand, { method: 'mark.read' }> | StandingCommand
/** Those of people. */
type OwnCommand = Exclude<EventCommand, StandingCommand>

/** What a decision needs beyond the room: facts of the message that the command names, undefined if there is no such event. */
export interface Facts {
  readonly target?: MessageFacts | undefined
  /** Of the events since the writer looked, as many as are looked through. */
  readonly since?: readonly MessageFacts[]
}

/** Events that follow, in order; a refusal; or `existing`: nothing to do, the room is there already. */
export type Decision =
  | { readonly events: readonly RoomEvent[] }
  | { readonly existing: { seq: number } }
  | { readonly refused: Refusal }

const refused = (...args: Parameters<typeof refuse>): Decision => ({ refused: refuse(...args) })

/** Events that a message must be held against: those since its writer looked. */
export function sinceOf(state: RoomState, command: RoomCommand | StandingCommand): number[] {
  if (command.method !== 'message.send' || command.body.seen === undefined || !state.standing) return []
  const first = Math.max(command.body.seen + 1, state.head - MAX.seenEvents + 1)
  return Array.from({ length: Math.max(0, state.head - first + 1) }, (_, i) => first + i)
}

/** True when the command needs the facts of a message before it can be decided. */
export const targetOf = (command: RoomCommand | StandingCommand): number | null =>
  command.method === 'message.edit' || command.method === 'message.delete' || command.method === 'message.react'
    ? command.body.seq
    : null

/** Decides a command against the room as it stands. Pure: the moment is an argument, the room is not changed. */
export function decideRoom(
  state: RoomState,
  command: EventCommand,
  context: { readonly facts: Facts; readonly nowMs: number },
): Decision {
  if (command.method === 'conversation.put') return decidePut(state, command, context.nowMs)
  if (command.method === 'room.create') return create(state, command, context.nowMs)
  const outside = state.standing === null ? undefined : fence(state, state.standing, command)
  if (outside) return { refused: outside }
  if (state.kind === null) return refused('not_a_member', { field: 'room' })
  const role = state.members.get(command.from)?.role
  if (command.method === 'room.join') return join(state, command, context.nowMs)
  // An API key acts for the operator: it need not be a member to write.
  const isServer = command.roles?.includes('api') === true
  const whispers = state.kind === 'notes' && command.method === 'message.send' && isChief(command.roles)
  if (role === undefined && !isServer && !whispers) return refused('not_a_member', { field: 'room' })
  return decideMember(state, command, { ...context, role: role ?? 'moderator' })
}

interface MemberContext {
  readonly facts: Facts
  readonly nowMs: number
  readonly role: Role
}

function decideMember(
  state: RoomState,
  command: Exclude<OwnCommand, Of<'room.create' | 'room.join'>>,
  context: MemberContext,
): Decision {
  const { nowMs, role } = context
  const commit = (...drafts: Draft[]): Decision => ({ events: complete(state, command, { drafts, nowMs }) })
  switch (command.method) {
    case 'message.send':
      if (role === 'reader') return refused('permission_denied')
      if (command.body.reply_to !== undefined && command.body.reply_to > state.head)
        return refused('not_found', { field: 'reply_to' })
      return send(state, command, context)
    case 'message.edit':
    case 'message.delete':
    case 'message.react':
      return changeMessage(state, command, context)
    case 'room.update':
      if (!mayManage(state, role)) return refused('permission_denied')
      return commit({ type: 'room.updated', ...command.body })
    case 'room.add':
      if (!mayManage(state, role)) return refused('permission_denied')
      return add(state, command.body.user, commit)
    case 'room.leave':
      if (state.kind === 'direct') return refused('permission_denied', { message: 'a direct room is for good' })
      if (!state.members.has(command.from)) return refused('not_a_member', { field: 'room' })
      return commit(...remove(state, command.from))
    case 'room.remove':
      return removeOther(state, command, { role, commit })
    case 'room.role':
      return changeRole(state, command, { role, commit })
  }
}

/** An answer to what one saw is refused when somebody else has answered that already. */
function send(state: RoomState, command: Of<'message.send'>, { facts, nowMs }: MemberContext): Decision {
  const { seen, ...message } = command.body
  const { standing } = state
  const answer = facts.since?.find(
    ({ from, seq, message }) => message && seq > (seen ?? 0) && from !== command.from && from !== standing?.visitor,
  )
  if (standing && command.from !== standing.visitor && seen !== undefined && answer) {
    const { state: now, agent, revision } = standing
    return refused('conflict', {
      field: 'seen',
      message: 'A colleague has answered since you looked.',
      state: { state: now, agent, revision, seq: answer.seq, from: answer.from },
    })
  }
  return { events: complete(state, command, { drafts: [{ type: 'message', ...message }], nowMs }) }
}

/** Who is in a room of a conversation is for its desk to say. */
const mayManage = (state: RoomState, role: Role): boolean =>
  state.kind !== 'direct' && state.standing === null && (role === 'owner' || role === 'moderator')

function create(state: RoomState, command: Of<'room.create'>, nowMs: number): Decision {
  const { kind, title, members = [] } = command.body
  if (state.kind !== null) {
    // The other one of a pair was first: there is one direct room for each two people.
    if (state.kind === 'direct' && state.members.has(command.from)) return { existing: { seq: 1 } }
    return refused('cid_conflict', { field: 'cid' })
  }
  const others = members.filter((user) => user !== command.from)
  if (kind === 'direct' && others.length !== 1) {
    return refused('bad_request', { field: 'members', message: 'a direct room has exactly one other member' })
  }
  const first = firstMembers(command.from, kind, members)
  return {
    events: complete(state, command, {
      drafts: [{ type: 'room.created', kind, ...(title === undefined ? {} : { title }), members: first }],
      nowMs,
    }),
  }
}

function join(state: RoomState, command: Of<'room.join'>, nowMs: number): Decision {
  if (state.kind !== 'public') return refused('not_a_member', { field: 'room' })
  return add(state, command.from, (...drafts) => ({ events: complete(state, command, { drafts, nowMs }) }))
}

type Commit = (...drafts: Draft[]) => Decision

function add(state: RoomState, user: string, commit: Commit): Decision {
  if (state.members.has(user)) return refused('already_member', { field: 'user' })
  if (state.members.size >= MAX.roomMembers)
    return refused('limit_exceeded', { field: 'user', message: `a room has at most ${MAX.roomMembers} members` })
  const added: Draft = { type: 'member.added', user, role: 'member' }
  // Whoever enters an empty room owns it, so that no room is without an owner who could run it.
  const isEmpty = state.members.size === 0
  return isEmpty ? commit(added, { type: 'member.changed', user, role: 'owner' }) : commit(added)
}

/** Somebody goes; the last owner passes the room on first. */
function remove(state: RoomState, user: string): Draft[] {
  const gone: Draft = { type: 'member.removed', user }
  const owners = [...state.members.values()].filter(({ role }) => role === 'owner')
  const heir = owners.length === 1 && owners[0]?.user === user ? heirOf(state, user) : undefined
  return heir ? [gone, { type: 'member.changed', user: heir.user, role: 'owner' }] : [gone]
}

function removeOther(state: RoomState, command: Of<'room.remove'>, by: { role: Role; commit: Commit }): Decision {
  const member = state.members.get(command.body.user)
  if (!mayManage(state, by.role) || (member?.role === 'owner' && by.role !== 'owner'))
    return refused('permission_denied')
  if (!member) return refused('not_found', { field: 'user' })
  return by.commit(...remove(state, member.user))
}

function changeRole(state: RoomState, command: Of<'room.role'>, by: { role: Role; commit: Commit }): Decision {
  const { user, role } = command.body
  if (state.kind === 'direct' || by.role !== 'owner') return refused('permission_denied')
  if (!state.members.has(user)) return refused('not_found', { field: 'user' })
  const owners = [...state.members.values()].filter((member) => member.role === 'owner')
  if (role !== 'owner' && owners.length === 1 && owners[0]?.user === user) {
    return refused('conflict', { field: 'role', message: 'a room keeps at least one owner' })
  }
  return by.commit({ type: 'member.changed', user, role })
}

function changeMessage(
  state: RoomState,
  command: Of<'message.edit' | 'message.delete' | 'message.react'>,
  context: MemberContext,
): Decision {
  const { role, nowMs } = context
  const { target } = context.facts
  if (role === 'reader') return refused('permission_denied')
  if (!target?.message || target.deleted) return refused('not_found', { field: 'seq' })
  const isOwn = target.from === command.from
  const commit = (draft: Draft): Decision => ({ events: complete(state, command, { drafts: [draft], nowMs }) })
  switch (command.method) {
    case 'message.edit':
      return isOwn
        ? commit({ type: 'message.edited', target: target.seq, text: command.body.text })
        : refused('permission_denied')
    case 'message.delete':
      return isOwn || mayManage(state, role)
        ? commit({ type: 'message.deleted', target: target.seq })
        : refused('permission_denied')
    case 'message.react':
      return commit({ type: 'message.reacted', target: target.seq, emoji: command.body.emoji, on: command.body.on })
  }
}
