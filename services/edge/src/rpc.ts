import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { isMethod, METHODS, type MethodName, type Params, type RoomMethod } from '@switchboard/contracts/methods'
import type { PartitionQueries, RouterQueries, StorageQueries } from '@switchboard/contracts/queries'
import type { GlobalRole, RoomCommand } from '@switchboard/contracts/records'
import { validate } from '@switchboard/contracts/validate'
import { roomIdOf } from '@switchboard/domain/room-id'

/** Who calls: a connection, a request with a token, or a server with an API key. */
export interface Caller {
  readonly user: string
  readonly roles: readonly GlobalRole[]
}

/** A room command without the way back, which whoever sends it adds. */
export type UnsentCommand = RoomCommand extends infer C ? (C extends RoomCommand ? Omit<C, 'reply'> : never) : never

export interface RpcParts {
  /** The router's result or refusal, or `timeout`. */
  readonly command: (room: string, command: UnsentCommand) => Promise<object | Refusal>
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
    return this.#parts.command(target, { method, from, cid, roles, body } as unknown as UnsentCommand)
  }

  /** Who of a room is online, as the router that owns it knows. */
  online(caller: Caller, room: string) {
    return this.#parts.partition(room, 'room.online', { room, user: caller.user })
  }

  storage = <Name extends keyof StorageQueries>(name: Name, question: StorageQueries[Name]['ask']) =>
    this.#parts.storage(name, question)
}

function createAsks({ storage, partition, router }: RpcParts): Ask {
  return {
    'room.list': async ({ user }) => {
      const answer = await storage('user.rooms', { users: [user] })
      return isRefusal(answer) ? answer : { rooms: answer.lists[0]?.rooms ?? [] }
    },
    'room.members': ({ user }, params) => storage('room.members', { ...params, user }),
    'room.history': ({ user }, params) => storage('room.history', { ...params, user }),
    'room.online': async ({ user }, { room }) => {
      const answer = await partition(room, 'room.online', { room, user })
      return isRefusal(answer) ? answer : { online: answer.online, count: answer.count }
    },
    'presence.get': (_caller, params) => router('presence.get', params),
  }
}
