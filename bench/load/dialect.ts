import { stamped } from './clock.ts'
import { type Line, numberAt, offsetAtEnd, textOf } from './frames.ts'

export interface Position {
  readonly offset: number
  readonly epoch: string
}

/** What a line from a server means to the load. */
export interface Heard {
  readonly member: Member
  /** The connection is good; `heads` holds the last offset of each room that it is in. */
  ready(heads: ReadonlyMap<string, Position>): void
  /** One more room, on a live connection. */
  joined(channel: string, at: Position): void
  acked(id: number, line: Line): void
  refused(id: number, text: string): void
  published(channel: string, offset: number, line: Line): void
  send(text: string): void
}

export interface Member {
  readonly token: string
  /** Channels: `room:<id>`. */
  readonly rooms: readonly string[]
  /** Where it was, to resume; absent: it begins. */
  readonly positions?: Readonly<Record<string, Position>>
}

/** The same work in the words of one server. */
export interface Dialect {
  readonly path: string
  opened(member: Member, send: (text: string) => void): void
  take(heard: Heard, line: Line): void
  /** The command that publishes `textChars` stamped characters. */
  publish(id: number, channel: string, textChars: number): string
}

export type DialectName = 'switchboard' | 'ws' | 'socket.io'

const [OPEN, BRACKET, QUOTE, P, E] = [123, 91, 34, 112, 101]
const CHANNEL_AT = '{"push":{"channel":"'.length
const ID_AT = '{"id":'.length
const SUBSCRIBE = Buffer.from('"subscribe":')

let cids = 0
/** Unique among all load processes. */
const nextCid = (): string => {
  cids += 1
  return `${process.pid}-${cids}`
}

/** A push of the Centrifuge protocol, by position: `{"push":{"channel":"…","pub":{…}}}`. */
function takePush(heard: Heard, line: Line): void {
  const { bytes, start } = line
  const channelEnd = bytes.indexOf(QUOTE, start + CHANNEL_AT)
  const channel = bytes.toString('latin1', start + CHANNEL_AT, channelEnd)
  if (bytes[channelEnd + 3] === P) {
    const offset = offsetAtEnd(line)
    if (offset !== -1) heard.published(channel, offset, line)
  } else if (bytes.indexOf(SUBSCRIBE, channelEnd) === channelEnd + 2) {
    const { push } = JSON.parse(textOf(line)) as { push: { subscribe: Partial<Position> } }
    const { offset = 0, epoch = '' } = push.subscribe
    heard.joined(channel, { offset, epoch })
  } else heard.refused(0, textOf(line))
}

interface ConnectReply {
  readonly connect?: {
    readonly subs?: Record<string, { offset?: number; epoch?: string; publications?: { offset: number }[] }>
  }
}

/** A reply: to the connect command, or to a message. */
function takeReply(heard: Heard, line: Line): void {
  const { bytes, start, end } = line
  const id = numberAt(bytes, start + ID_AT)
  const nameAt = bytes.indexOf(QUOTE, start + ID_AT) + 1
  if (bytes[nameAt] === E) heard.refused(id, textOf(line))
  else if (id === CONNECT_ID) takeConnect(heard, line)
  else heard.acked(id, { bytes, start, end })
}

function takeConnect(heard: Heard, line: Line): void {
  const { connect } = JSON.parse(textOf(line)) as ConnectReply
  const subs = Object.entries(connect?.subs ?? {})
  // What was missed comes with the reply; the first of it must follow what the client had.
  const before = subs.map(([channel, { publications = [], offset = 0, epoch = '' }]): [string, Position] => {
    const [first] = publications
    return [channel, { offset: first ? first.offset - 1 : offset, epoch }]
  })
  heard.ready(new Map(before))
  const nothing = { bytes: line.bytes, start: line.end, end: line.end }
  for (const [channel, { publications = [] }] of subs)
    for (const { offset } of publications) heard.published(channel, offset, nothing)
}

/** Ids of messages begin after it. */
export const CONNECT_ID = 1

function takeCentrifuge(heard: Heard, line: Line): void {
  const { bytes, start, end } = line
  // `{}` is a ping of the application, and wants the same back.
  if (end - start === 2) heard.send('{}')
  else if (bytes[start] !== OPEN) heard.refused(0, textOf(line))
  else if (bytes[start + 2] === P) takePush(heard, line)
  else takeReply(heard, line)
}

const switchboard: Dialect = {
  path: '/connection/websocket',
  opened: ({ token, positions }, send) => {
    const subs = positions
      ? Object.fromEntries(Object.entries(positions).map(([channel, at]) => [channel, { recover: true, ...at }]))
      : undefined
    send(JSON.stringify({ id: CONNECT_ID, connect: { token, ...(subs ? { subs } : {}) } }))
  },
  take: takeCentrifuge,
  publish: (id, channel, textChars) =>
    `{"id":${id},"rpc":{"method":"message.send","data":{"cid":"${nextCid()}","room":"${channel.slice('room:'.length)}","text":"${stamped(textChars)}"}}}`,
}

/** What `limit/ws-relay.ts` speaks: its answers have the shape of ours, so that they are read at the same price. */
const ws: Dialect = {
  path: '/',
  opened: ({ rooms }, send) => send(JSON.stringify({ id: CONNECT_ID, join: rooms })),
  take: takeCentrifuge,
  publish: (id, channel, textChars) =>
    `{"id":${id},"publish":"${channel}","data":{"type":"message","from":"user","cid":"${nextCid()}","text":"${stamped(textChars)}"}}`,
}

const TWO = 50
const FOUR = 52
const THREE = 51
const SOCKET_IO_CHANNEL_AT = '42["m",{"channel":"'.length

function takeSocketIoAck(heard: Heard, line: Line): void {
  const id = numberAt(line.bytes, line.start + 2)
  if (id !== CONNECT_ID) {
    heard.acked(id, line)
    return
  }
  const [heads] = JSON.parse(line.bytes.toString('utf8', line.bytes.indexOf(BRACKET, line.start), line.end)) as [
    Record<string, number>,
  ]
  heard.ready(new Map(Object.entries(heads).map(([room, offset]) => [room, { offset, epoch: '' }])))
}

const socketIo: Dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  opened: () => {},
  take: (heard, line) => {
    const { bytes, start } = line
    const [kind, type] = [bytes[start], bytes[start + 1]]
    if (kind === TWO) heard.send('3')
    else if (kind !== FOUR) heard.send('40')
    else if (type === THREE) takeSocketIoAck(heard, line)
    else if (type !== TWO) heard.send(`42${CONNECT_ID}["join",${JSON.stringify(heard.member.rooms)}]`)
    else {
      const at = start + SOCKET_IO_CHANNEL_AT
      heard.published(bytes.toString('latin1', at, bytes.indexOf(QUOTE, at)), offsetAtEnd(line), line)
    }
  },
  publish: (id, channel, textChars) =>
    `42${id}["publish","${channel}",{"type":"message","from":"user","cid":"${nextCid()}","text":"${stamped(textChars)}"}]`,
}

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = { switchboard, ws, 'socket.io': socketIo }
