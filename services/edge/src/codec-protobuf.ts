import { CENTRIFUGE_PROTO } from '@switchboard/contracts/centrifuge-proto'
import { signalDataOf, splitLines } from '@switchboard/contracts/entry'
import { protocolError } from '@switchboard/contracts/errors'
import { COMMAND_NAMES, type RawCommand } from '@switchboard/contracts/protocol'
import protobuf from 'protobufjs'
import { type Codec, NOT_JSON } from './codec.ts'
import { publicationsOf } from './publications.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const jsonBytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

/** `data` of a command is JSON in bytes. */
function parseData(data: unknown): unknown {
  try {
    return JSON.parse(decoder.decode(data as Uint8Array))
  } catch {
    return NOT_JSON
  }
}

function toCommand(message: protobuf.Message, type: protobuf.Type): RawCommand {
  const fields = type.toObject(message, { longs: Number }) as Record<string, Record<string, unknown>> & { id?: number }
  const name = COMMAND_NAMES.find((each) => Object.hasOwn(fields, each)) ?? null
  const id = fields.id ?? 0
  if (name === null) return { id, name, body: null }
  const body = { ...fields[name] }
  if (Object.hasOwn(body, 'data')) body.data = parseData(body.data)
  return { id, name, body }
}

/** Length-delimited Protobuf. `data` carries the same JSON as the other encoding, so one entry is derived once for all sockets. */
export function createProtobufCodec(): Codec {
  const { root } = protobuf.parse(CENTRIFUGE_PROTO, { keepCase: true })
  const commandType = root.lookupType('Command')
  const replyType = root.lookupType('Reply')
  const write = (replies: readonly object[]): Uint8Array => {
    const writer = protobuf.Writer.create()
    for (const reply of replies) {
      const encoded = replyType.encode(reply).finish()
      writer.bytes(encoded)
    }
    return writer.finish()
  }
  const pushes = (channel: string, publications: readonly object[]) =>
    write(publications.map((pub) => ({ push: { channel, pub } })))
  return {
    format: 'protobuf',
    ping: new Uint8Array([0]),
    decode: (frame) => {
      const reader = protobuf.Reader.create(frame)
      const commands: RawCommand[] = []
      try {
        while (reader.pos < reader.len) commands.push(toCommand(commandType.decodeDelimited(reader), commandType))
      } catch {
        return null
      }
      return commands
    },
    reply: (id, name, result) => {
      const body = name === 'rpc' ? { data: jsonBytes((result as { data: unknown }).data) } : result
      return write([{ id, [name]: body }])
    },
    error: (id, refusal) => write([{ id, error: protocolError(refusal) }]),
    push: (push) => write([{ push }]),
    publications: (channel, publications) => pushes(channel, publications),
    entry: (channel, first, payload) => pushes(channel, publicationsOf(channel, first, payload)),
    signals: (channel, payload) =>
      pushes(
        channel,
        splitLines(payload).map((line) => ({ data: signalDataOf(channel, line) })),
      ),
  }
}
