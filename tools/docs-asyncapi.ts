import { ROOM_EVENTS, SIGNALS, USER_EVENTS } from '@switchboard/contracts/events'
import { RoomId, UserId } from '@switchboard/contracts/ids'
import type { Method } from '@switchboard/contracts/method'
import { METHODS } from '@switchboard/contracts/methods'
import { COMMANDS, UNSUBSCRIBE } from '@switchboard/contracts/protocol'
import { plain } from './docs-schema.ts'

type Json = Readonly<Record<string, unknown>>

const object = (properties: Json, required: readonly string[] = Object.keys(properties)): Json => ({
  type: 'object',
  required,
  properties,
})
const Id = {
  type: 'integer',
  minimum: 1,
  description: 'Number that the client gives the command; its reply has the same',
}
const message = (name: string, summary: string, payload: Json): Json => ({ name, summary, payload })
const ref = (channel: string, name: string): Json => ({ $ref: `#/channels/${channel}/messages/${name}` })

const ErrorReply = message(
  'error',
  'The refusal of a command',
  object({
    id: Id,
    error: object(
      {
        code: { type: 'integer', description: 'Number of the error, see protocol.md' },
        message: { type: 'string', description: 'Begins with our name of the code, and the field' },
        temporary: { const: true, description: 'The same command may be sent again' },
      },
      ['code', 'message'],
    ),
  }),
)

/** One command of the Centrifuge protocol and its reply. The methods stand by themselves. */
function commandMessages(): Record<string, Json> {
  const all: Record<string, Json> = { error: ErrorReply }
  for (const [name, body] of Object.entries(COMMANDS)) {
    if (name === 'rpc') continue
    const id = name === 'send' ? {} : { id: Id }
    all[name] = message(name, `The command ${name} of the Centrifuge protocol`, object({ ...id, [name]: plain(body) }))
    if (name !== 'send') {
      const reply = object({ id: Id, [name]: { type: 'object' } })
      all[`${name}.reply`] = message(`${name}.reply`, `The reply to ${name}`, reply)
    }
  }
  return all
}

function methodMessages(): Record<string, Json> {
  const all: Record<string, Json> = {}
  for (const [name, { params, result, doc }] of Object.entries(METHODS as Record<string, Method>)) {
    const call = object({ id: Id, rpc: object({ method: { const: name }, data: plain(params) }) })
    all[`rpc.${name}`] = message(`rpc.${name}`, doc, call)
    const answer = object({ id: Id, rpc: object({ data: plain(result) }) })
    all[`rpc.${name}.reply`] = message(`rpc.${name}.reply`, `The result of ${name}`, answer)
  }
  return all
}

const push = (fields: Json): Json => object({ push: object({ channel: { type: 'string' }, ...fields }) })

function publicationMessages(tables: readonly Readonly<Record<string, unknown>>[]): Record<string, Json> {
  const all: Record<string, Json> = {}
  for (const [name, schema] of tables.flatMap((one) => Object.entries(one))) {
    const data = plain(schema)
    const isSignal = Object.hasOwn(SIGNALS, name)
    const offset = { type: 'integer', minimum: 1, description: 'The seq of the event' }
    const pub = isSignal ? object({ data }) : object({ data, offset })
    all[name] = message(name, data.description ?? name, push({ pub }))
  }
  return all
}

function subscriptionMessages(): Record<string, Json> {
  const codes = [...new Set(Object.values(UNSUBSCRIBE).map(({ code }) => code))]
  const unsubscribe = object({ code: { type: 'integer', enum: codes }, reason: { type: 'string' } })
  const position = { epoch: { type: 'string' }, offset: { type: 'integer', minimum: 0 } }
  const subscribe = object({ recoverable: { const: true }, positioned: { const: true }, ...position })
  return {
    subscribed: message('subscribed', 'The server has subscribed this connection to a channel', push({ subscribe })),
    unsubscribed: message('unsubscribed', 'The server has ended a subscription', push({ unsubscribe })),
  }
}

const ofUser = new Set(['read', 'room.changed'])
const pick = (of: Readonly<Record<string, unknown>>, keep: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(of).filter(([name]) => keep(name)))

function channels(): Record<string, { address: string; messages: Record<string, Json> } & Json> {
  return {
    connection: {
      address: '/connection/websocket',
      title: 'One WebSocket connection',
      description: 'JSON frames are lines; one frame may hold many. An empty object is a ping, and answered by one.',
      messages: { ...commandMessages(), ...methodMessages(), ...subscriptionMessages() },
    },
    room: {
      address: 'room:{room}',
      title: 'A room',
      parameters: { room: { description: plain(RoomId).description } },
      messages: publicationMessages([ROOM_EVENTS, pick(SIGNALS, (name) => !ofUser.has(name))]),
    },
    user: {
      address: 'user:{user}',
      title: 'A person’s own channel',
      parameters: { user: { description: plain(UserId).description } },
      messages: publicationMessages([USER_EVENTS, pick(SIGNALS, (name) => ofUser.has(name))]),
    },
  }
}

/** What the edge receives and answers, and what it sends by itself. */
function operations(all: ReturnType<typeof channels>): Record<string, Json> {
  const answered: Record<string, Json> = {}
  const names = Object.keys(all.connection?.messages ?? {})
  for (const name of names.filter((one) => names.includes(`${one}.reply`))) {
    const reply = { channel: { $ref: '#/channels/connection' } }
    const messages = [ref('connection', `${name}.reply`), ref('connection', 'error')]
    answered[name] = {
      action: 'receive',
      channel: { $ref: '#/channels/connection' },
      messages: [ref('connection', name)],
      reply: { ...reply, messages },
    }
  }
  const send = (channel: string, messages: readonly string[]): Json => ({
    action: 'send',
    channel: { $ref: `#/channels/${channel}` },
    messages: messages.map((name) => ref(channel, name)),
  })
  return {
    ...answered,
    'publish.room': send('room', Object.keys(all.room?.messages ?? {})),
    'publish.user': send('user', Object.keys(all.user?.messages ?? {})),
    subscriptions: send('connection', ['subscribed', 'unsubscribed']),
  }
}

/** The AsyncAPI 3.0 document of the WebSocket connection, seen from the edge. */
export function asyncapi(version: string): Json {
  const all = channels()
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Switchboard',
      version,
      description: 'The Centrifuge client protocol, version 2, with the methods and events of Switchboard.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { edge: { host: 'localhost:8080', protocol: 'ws', description: 'One edge, or a proxy before many' } },
    channels: all,
    operations: operations(all),
  }
}
