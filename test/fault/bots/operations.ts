import { ERRORS } from '@switchboard/contracts/errors'
import type { MethodName } from '@switchboard/contracts/methods'
import type { EventSeen, Operation, Return } from '@switchboard/testkit/history/records'
import type { StandingSeen } from '@switchboard/testkit/history/records-desk'

type WithoutCid<O> = O extends unknown ? Omit<O, 'cid'> : never
/** An operation whose cid is yet to be made. */
export type Draft = WithoutCid<Operation>

/** What an operation is on the wire. */
export function commandOf(operation: Operation): { method: MethodName; data: Record<string, unknown> } {
  switch (operation.name) {
    case 'create': {
      const { cid, kind, members } = operation
      return { method: 'room.create', data: { cid, kind, title: cid, members } }
    }
    case 'send':
    case 'edit':
    case 'delete':
    case 'react': {
      const { name, ...data } = operation
      return { method: `message.${name}`, data }
    }
    case 'read':
      return { method: 'mark.read', data: { room: operation.room, seq: operation.seq } }
    default: {
      const { name, ...data } = operation
      return { method: `room.${name}`, data }
    }
  }
}

const NAMES: Partial<Record<MethodName, Operation['name']>> = {
  'room.create': 'create',
  'message.send': 'send',
  'message.edit': 'edit',
  'message.delete': 'delete',
  'message.react': 'react',
  'room.join': 'join',
  'room.leave': 'leave',
  'room.add': 'add',
  'room.remove': 'remove',
  'mark.read': 'read',
}

/** The way back, for what a library sends by itself; null for questions. */
export function operationOf(method: MethodName, data: object): Operation | null {
  // A note is a message to the room beside the conversation.
  if (method === 'desk.note') {
    const { cid, conversation, text } = data as { cid: string; conversation: string; text: string }
    return { name: 'send', cid, room: `n-${conversation}`, text }
  }
  const name = NAMES[method]
  if (name === undefined) return null
  const { title: _, ...fields } = data as Record<string, unknown>
  return { name, ...fields } as unknown as Operation
}

/** What an attempt came to, as the journal has it. */
export type Outcome = Pick<Return, 'outcome' | 'seq' | 'room' | 'read' | 'unread' | 'code'>

const number = (value: unknown) => (typeof value === 'number' ? value : undefined)

/** An answer, without the fields that only some operations have. */
export function okOf(operation: Operation, answer: unknown): Outcome {
  const { seq, room, read, unread } = answer as Record<string, unknown>
  if (operation.name === 'read') {
    return { outcome: 'ok', read: number(read) ?? Number.NaN, unread: number(unread) ?? Number.NaN }
  }
  const event = { outcome: 'ok' as const, seq: number(seq) ?? Number.NaN }
  return operation.name === 'create' ? { ...event, room: String(room) } : event
}

/** Codes below this are the client library's own: no answer came. */
const SERVER_CODES = 100
const BY_NUMBER = new Map(Object.entries(ERRORS).map(([name, row]) => [row.number as number, { name, ...row }]))

/** What an error of the npm package `centrifuge` means: the table of the contracts says which may be tried again. */
export function failureOf(error: unknown): Outcome {
  const { code } = (error ?? {}) as { code?: unknown }
  if (typeof code !== 'number' || code < SERVER_CODES) return { outcome: 'unknown', code: 'connection' }
  const row = BY_NUMBER.get(code)
  if (row === undefined) throw new Error(`an error that is not in the table: ${JSON.stringify(error)}`)
  return { outcome: row.retry ? 'unknown' : 'refused', code: row.name }
}

/** What counts of an event, as a publication or a page of history has it. */
export function eventSeen(data: unknown): EventSeen {
  const event = data as Omit<EventSeen, 'members'> & {
    edited?: unknown
    deleted?: unknown
    members?: readonly (string | { user: string })[]
  } & Partial<StandingSeen>
  const { type, seq, n, from, cid, text, target, user, members, state, revision, agent = null } = event
  const isAsWritten = event.edited === undefined && event.deleted === undefined
  return {
    type,
    seq,
    n,
    from,
    cid,
    ...(text === undefined || !isAsWritten ? {} : { text }),
    ...(target === undefined ? {} : { target }),
    ...(user === undefined ? {} : { user }),
    ...(members === undefined ? {} : { members: members.map((one) => (typeof one === 'string' ? one : one.user)) }),
    ...(state === undefined || revision === undefined ? {} : { standing: { state, revision, agent } }),
  }
}
