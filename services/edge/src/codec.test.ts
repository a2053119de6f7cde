import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeEntry, signalLine } from '@switchboard/contracts/entry'
import { refuse } from '@switchboard/contracts/errors'
import { Centrifuge } from 'centrifuge/build/protobuf'
import { NOT_JSON } from './codec.ts'
import { jsonCodec } from './codec-json.ts'
import { createProtobufCodec } from './codec-protobuf.ts'

const protobufCodec = createProtobufCodec()
const at = 1_700_000_000_000
const event = (seq: number, text: string) =>
  ({ type: 'message', seq, n: seq, at, from: 'alice', cid: `c${seq}`, text }) as const

/** The codec inside the npm client, an independent implementation of the same frames. */
interface TheirCodec {
  decodeReplies(data: Uint8Array): Record<string, never>[]
  encodeCommands(commands: object[]): Uint8Array
}
const client = new Centrifuge('ws://127.0.0.1:1', { websocket: class {} })
const theirs = (client as unknown as { _codec: TheirCodec })._codec

const decodeJson = (frame: Uint8Array) =>
  Buffer.from(frame)
    .toString()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)

test('a log entry, in JSON, is the same bytes', () => {
  const payload = encodeEntry('room:r', [event(4, 'a'), event(5, 'b')])
  assert.equal(jsonCodec.entry('room:r', 4, payload), payload)
})

test('a log entry, in Protobuf, carries the same data and offsets', () => {
  const payload = encodeEntry('room:r', [event(9, 'ä,"offset":9}}}'), event(10, 'b')])
  const replies = theirs.decodeReplies(protobufCodec.entry('room:r', 9, payload)) as unknown as {
    push: { channel: string; pub: { data: Uint8Array; offset: unknown } }
  }[]
  assert.deepEqual(
    replies.map(({ push }) => [
      push.channel,
      Number(push.pub.offset),
      JSON.parse(Buffer.from(push.pub.data).toString()),
    ]),
    [
      ['room:r', 9, event(9, 'ä,"offset":9}}}')],
      ['room:r', 10, event(10, 'b')],
    ],
  )
})

test('a signal, in Protobuf, has no offset', () => {
  const payload = Buffer.from(signalLine('room:r', { type: 'typing', user: 'bob' }))
  const [reply] = theirs.decodeReplies(protobufCodec.signals('room:r', payload)) as unknown as {
    push: { pub: { data: Uint8Array; offset: unknown } }
  }[]
  assert.equal(Number(reply?.push.pub.offset), 0)
  assert.deepEqual(JSON.parse(Buffer.from(reply?.push.pub.data ?? []).toString()), { type: 'typing', user: 'bob' })
})

test('commands of the npm client, in Protobuf, decode to the same as in JSON', () => {
  const data = { text: 'hi' }
  const commands = [
    { id: 1, connect: { token: 't', subs: { 'room:r': { recover: true, offset: 7, epoch: 'e' } } } },
    { id: 2, subscribe: { channel: 'room:r', recover: true, offset: 7_000_000_000, epoch: 'e' } },
    { id: 3, history: { channel: 'room:r', limit: -1, since: { offset: 3, epoch: 'e' }, reverse: true } },
    { id: 4, unsubscribe: { channel: 'room:r' } },
    { id: 5, presence_stats: { channel: 'room:r' } },
    { id: 6, refresh: { token: 't' } },
    {},
  ]
  const lines = Buffer.from(commands.map((command) => JSON.stringify(command)).join('\n'))
  assert.deepEqual(protobufCodec.decode(theirs.encodeCommands(commands)), jsonCodec.decode(lines))
  const rpc = theirs.encodeCommands([{ id: 9, rpc: { method: 'm', data: Buffer.from(JSON.stringify(data)) } }])
  assert.deepEqual(protobufCodec.decode(rpc), [{ id: 9, name: 'rpc', body: { method: 'm', data } }])
})

test('replies, in both encodings, carry the same', () => {
  const publications = [{ offset: 8, data: Buffer.from(JSON.stringify(event(8, 'x'))) }]
  const sub = {
    recoverable: true,
    positioned: true,
    epoch: 'e',
    offset: 8,
    was_recovering: true,
    recovered: true,
  } as const
  const result = {
    client: 'c',
    version: '1',
    subs: { 'room:r': { ...sub, publications }, 'user:u': sub },
    expires: true,
    ttl: 60,
    ping: 25,
    pong: true,
  } as const
  const [json] = decodeJson(jsonCodec.reply(1, 'connect', result)) as { connect: { subs: Record<string, object> } }[]
  assert.deepEqual(json?.connect.subs['room:r'], { ...sub, publications: [{ data: event(8, 'x'), offset: 8 }] })
  assert.deepEqual(json?.connect.subs['user:u'], sub)
  const [binary] = theirs.decodeReplies(protobufCodec.reply(1, 'connect', result)) as unknown as {
    id: number
    connect: { ttl: number; subs: Record<string, { recovered: boolean; publications: { data: Uint8Array }[] }> }
  }[]
  assert.equal(binary?.id, 1)
  assert.equal(binary?.connect.ttl, 60)
  assert.equal(binary?.connect.subs['room:r']?.recovered, true)
  const [first] = binary?.connect.subs['room:r']?.publications ?? []
  assert.deepEqual(JSON.parse(Buffer.from(first?.data ?? []).toString()), event(8, 'x'))
})

test('errors, in both encodings, carry the number and the field', () => {
  const refusal = refuse('bad_request', { field: 'text', message: 'is required' })
  const [json] = decodeJson(jsonCodec.error(3, refusal)) as { error: object }[]
  assert.deepEqual(json, { id: 3, error: { code: 107, message: 'bad_request text: is required' } })
  const [binary] = theirs.decodeReplies(protobufCodec.error(3, refusal)) as unknown as { error: { code: number } }[]
  assert.equal(binary?.error.code, 107)
})

test('what is not of the protocol decodes to null', () => {
  const broken = ['{"id":1', '[]', '1', 'null', '{"id":"1","ping":{}}', '{"id":-1}', '{"id":1.5}', '{"id":1}\nx']
  for (const frame of broken) assert.equal(jsonCodec.decode(Buffer.from(frame)), null, frame)
  assert.equal(jsonCodec.decode(new Uint8Array([0xff, 0xfe])), null)
  assert.equal(protobufCodec.decode(new Uint8Array([200, 1, 2])), null)
})

test('data that is no JSON, in Protobuf, is marked and not thrown', () => {
  const frame = theirs.encodeCommands([{ id: 9, rpc: { method: 'm', data: Buffer.from('{') } }])
  const decoded = protobufCodec.decode(frame)
  assert.deepEqual(decoded, [{ id: 9, name: 'rpc', body: { method: 'm', data: NOT_JSON } }])
})
