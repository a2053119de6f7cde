import type { DeskMethod, DeskParams } from '@switchboard/contracts/desk-methods'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { isMethod, METHODS, type MethodName, type Params, type RoomMethod } from '@switchboard/contracts/methods'
import type { PartitionQueries, RouterQueries, StorageQueries } from '@switchboard/contracts/queries'
import type {
  DeskCommand,
  DeskDerivedCommand,
  EntityRef,
  GlobalRole,
  RoomCommand,
} from '@switchboard/contracts/records'
import { validate } from '@switchboard/contracts/validate'
import { conversationOfOffer, deskOf, notesOf } from '@switchboard/domain/desk-ids'
import { roomIdOf } from '@switchboard/domain/room-id'

/** Who calls: a connection, a request with a token, or a server with an API key. */
export interface Caller {
  readonly user: string
  readonly roles: readonly GlobalRole[]
  /** What they are called, where their token says so. */
  readonly name?: string
}

/** A command without the way back, which whoever sends it adds. */
export type UnsentCommand = RoomCommand | DeskCommand extends infer C
  ? C extends RoomCommand | DeskCommand
    ? Omit<C, 'reply'>
    : never
  : never

export interface RpcParts {
  /** The router's result or refusal, or `timeout`. */
  readonly command: (to: EntityRef, command: UnsentCommand) => Promise<object | Refusal>
  readonly storage: <Name extends keyof StorageQueries>(
    name: Name,
    question: StorageQueries[Name]['ask'],
  ) => Promise<StorageQueries[Name]['answer'] | Refusal>
  readonly partition: <Name extends keyof PartitionQueries>(
    id: string,
    name: Name,
    question: PartitionQueries[Name]['ask'],
  ) => Promise<PartitionQueries[Name]['answer'] | Refusal>
  readonly router: <Name extends keyof RouterQueries>(
    name: Name,
    question: RouterQueries[Name]['ask'],
  ) => Promise<RouterQueries[Name]['answer'] | Refusal>
  readonly newId: () => string
}

type QueryMethod = {
  [Name in MethodName]: (typeof METHODS)[Name]['answerer'] extends 'storage' | 'router' ? Name : never
}[MethodName]
type Ask = { [Name in QueryMethod]: (caller: Caller, params: Params<Name>) => Promise<object | Refusal> }

/** Every method that is not answered by the connection itself, for WebSocket and HTTP alike. */
export class Rpc {
  readonly #parts: RpcParts
  readonly #asks: Ask

  constructor(parts: RpcParts) {
    this.#parts = parts
    this.#asks = createAsks(parts)
  }

  /** Validates what came from outside and calls. Refused with `method_not_found` for methods that a connection answers itself. */
  async call(caller: Caller, method: string, data: unknown): Promise<object | Refusal> {
    if (!isMethod(method)) return refuse('method_not_found', { field: 'method' })
    const params = validate(METHODS[method].params, data ?? {})
    if (isRefusal(params)) return params
    const { answerer } = METHODS[method]
    if (answerer === 'room') return this.command(caller, method as RoomMethod, params as Params<RoomMethod>)
    if (method === 'desk.note') return this.#note(caller, params as DeskParams<'desk.note'>)
    if (answerer === 'desk') return this.desk(caller, method as DeskMethod, params as DeskParams<DeskMethod>)
    if (answerer === 'edge') return refuse('method_not_found', { field: 'method' })
    const ask = this.#asks[method as QueryMethod] as (caller: Caller, params: unknown) => Promise<object | Refusal>
    return ask(caller, params)
  }

  /** Sends a command whose params are valid. The room and the cid become its address, the rest its body. */
  command(caller: Caller, method: RoomMethod, params: Params<RoomMethod>): Promise<object | Refusal> {
    const { cid = this.#parts.newId(), room, ...body } = params as { cid?: string; room?: string }
    const from = caller.user
    const roles = caller.roles
    const target = room ?? roomIdOf({ ...(body as Params<'room.create'>), from, cid })
    return this.#parts.command({ kind: 'room', id: target }, {
      method,
      from,
      cid,
      roles,
      body,
    } as unknown as UnsentCommand)
  }

  /** The same to a desk: the one that is named, or the one where the conversation began. */
  desk(caller: Caller, method: DeskMethod, params: DeskParams<DeskMethod>): Promise<object | Refusal> {
    const { cid, ...body } = params
    const { desk, conversation, offer } = body as { desk?: string; conversation?: string; offer?: string }
    const id = desk ?? deskOf(conversation ?? conversationOfOffer(offer ?? ''))
    const { user: from, roles, name } = caller
    const command = {
      method,
      from,
      cid,
      roles,
      ...(name === undefined ? {} : { name }),
      body,
    } as unknown as UnsentCommand
    return this.#parts.command({ kind: 'desk', id }, command)
  }

  /** What administrators tell a desk. */
  administer(
    caller: Caller,
    desk: string,
    command: Pick<
      Extract<DeskDerivedCommand, { method: `desk.${'put' | 'put-agent' | 'remove-agent'}` }>,
      'method' | 'body'
    >,
  ): Promise<object | Refusal> {
    const origin = { from: caller.user, cid: this.#parts.newId(), roles: caller.roles }
    return this.#parts.command({ kind: 'desk', id: desk }, { ...command, ...origin } as UnsentCommand)
  }

  /** A note is a message to the agents' room beside the conversation. */
  async #note(caller: Caller, { cid, conversation, text }: DeskParams<'desk.note'>): Promise<object | Refusal> {
    const room = notesOf(conversation)
    const written = await this.command(caller, 'message.send', { cid, room, text })
    if (!isRefusal(written) || (written.code !== 'conflict' && written.code !== 'not_a_member')) return written
    // Not whose conversation it is: a supervisor of the desk may write there all the same.
    const facts = await this.#parts.storage('room.head', { room, user: caller.user, roles: caller.roles })
    if (isRefusal(facts) || facts.watches !== true) return written
    const supervisor = { ...caller, roles: [...caller.roles, 'supervisor' as const] }
    return this.command(supervisor, 'message.send', { cid, room, text })
  }

  partition = <Name extends keyof PartitionQueries>(id: string, name: Name, question: PartitionQueries[Name]['ask']) =>
    this.#parts.partition(id, name, question)

  /** Who of a room is online, as the router that owns it knows. */
  online(caller: Caller, room: string) {
    return this.#parts.partition(room, 'room.online', { room, user: caller.user })
  }

  storage = <Name extends keyof StorageQueries>(name: Name, question: StorageQueries[Name]['ask']) =>
    this.#parts.storage(name, question)
}

type DeskAsk = Pick<
  Ask,
  | 'desk.list'
  | 'desk.agents'
  | 'desk.conversations'
  | 'desk.report'
  | 'desk.replies'
  | 'desk.reply.put'
  | 'desk.reply.remove'
>

/** What agents ask that storage answers; it knows who may. */
const deskAsks = (storage: RpcParts['storage']): DeskAsk => ({
  'desk.list': ({ user, roles }) => storage('desk.own', { user, roles }),
  'desk.agents': ({ user, roles }, { desk }) => storage('desk.named', { desk, user, roles }),
  'desk.conversations': ({ user, roles }, params) => storage('desk.conversations', { ...params, user, roles }),
  'desk.report': ({ user, roles }, params) => storage('desk.report', { ...params, user, roles }),
  'desk.replies': ({ user, roles }, { desk }) => storage('reply.list', { desk, user, roles }),
  'desk.reply.put': ({ user, roles }, { cid: _cid, desk, ...reply }) =>
    storage('reply.put', { desk, reply, user, roles }),
  'desk.reply.remove': ({ user, roles }, { desk, reply }) => storage('reply.remove', { desk, reply, user, roles }),
})

function createAsks({ storage, partition, router }: RpcParts): Ask {
  return {
    'room.list': async ({ user }) => {
      const answer = await storage('user.rooms', { users: [user] })
      return isRefusal(answer) ? answer : { rooms: answer.lists[0]?.rooms ?? [] }
    },
    'room.members': ({ user }, params) => storage('room.members', { ...params, user }),
    'room.history': ({ user, roles }, params) => storage('room.history', { ...params, user, roles }),
    ...deskAsks(storage),
    'room.online': async ({ user }, { room }) => {
      const answer = await partition(room, 'room.online', { room, user })
      return isRefusal(answer) ? answer : { online: answer.online, count: answer.count }
    },
    'presence.get': (_caller, params) => router('presence.get', params),
    'desk.position': ({ user, roles }, { conversation }) => positionOf(partition, { conversation, user, roles }),
    'desk.info': (_caller, { desk }) => partition(desk, 'desk.info', { desk }),
    'desk.view': ({ user, roles }, params) => partition(params.desk, 'desk.view', { ...params, user, roles }),
  }
}

/** Desks in a row that say "not here any more" before one is believed to be lost on the way. */
const MOVES_MAX = 4

/** Asked where the conversation began, and then wherever it is said to have gone. */
async function positionOf(
  partition: RpcParts['partition'],
  asked: Omit<PartitionQueries['desk.position']['ask'], 'desk'>,
): Promise<object | Refusal> {
  let desk = deskOf(asked.conversation)
  for (let moves = 0; moves <= MOVES_MAX; moves += 1) {
    const answer = await partition(desk, 'desk.position', { ...asked, desk })
    if (isRefusal(answer) || !('moved_to' in answer)) return answer
    desk = answer.moved_to
  }
  return refuse('unavailable')
}
