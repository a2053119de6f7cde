import { protocolError } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { COMMAND_NAMES, type Publication, type RawCommand, type SubscribeResult } from '@switchboard/contracts/protocol'
import type { Codec } from './codec.ts'

const strict = new TextDecoder('utf-8', { fatal: true })
const text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
const bytes = (line: string): Uint8Array => Buffer.from(line)

/** One line of a frame, or null if it is no command: not JSON, not an object, or an id that no reply could carry. */
function parseCommand(line: string): RawCommand | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const fields = value as Record<string, unknown>
  const id = Object.hasOwn(fields, 'id') ? fields.id : 0
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 0xff_ff_ff_ff) return null
  const name = COMMAND_NAMES.find((each) => Object.hasOwn(fields, each)) ?? null
  return { id, name, body: name === null ? null : fields[name] }
}

function decode(frame: Uint8Array): RawCommand[] | null {
  let whole: string
  try {
    whole = strict.decode(frame)
  } catch {
    return null
  }
  // Cut no further than a frame may go on: a frame of nothing but line breaks is work as well.
  const lines = whole.split('\n', MAX.frameCommands + 2)
  if (lines.length > MAX.frameCommands + 1) return null
  const commands: RawCommand[] = []
  for (const line of lines) {
    if (line === '' || line.trim() === '') continue
    const command = parseCommand(line)
    if (command === null) return null
    commands.push(command)
  }
  return commands
}

const publicationJson = ({ data, offset }: Publication): string => `{"data":${text(data)},"offset":${offset}}`

/** The publications' data is JSON already: it is put in as it is, the rest is written around it. */
function withPublications(rest: object, publications: readonly Publication[] | undefined): string {
  const head = JSON.stringify(rest)
  if (publications === undefined || publications.length === 0) return head
  const list = publications.map(publicationJson).join(',')
  return `${head.slice(0, -1)}${head === '{}' ? '' : ','}"publications":[${list}]}`
}

const subscribeJson = ({ publications, ...rest }: SubscribeResult): string => withPublications(rest, publications)

function resultJson(name: string, result: object): string {
  if (name === 'subscribe') return subscribeJson(result as SubscribeResult)
  if ('publications' in result) {
    const { publications, ...rest } = result as { publications: readonly Publication[] }
    return withPublications(rest, publications)
  }
  if (name !== 'connect') return JSON.stringify(result)
  const { subs, ...rest } = result as { subs: Record<string, SubscribeResult> }
  const entries = Object.entries(subs).map(([channel, sub]) => `${JSON.stringify(channel)}:${subscribeJson(sub)}`)
  return `${JSON.stringify(rest).slice(0, -1)},"subs":{${entries.join(',')}}}`
}

/** Newline-delimited JSON: what the router writes into the log is sent as it is. */
export const jsonCodec: Codec = {
  format: 'json',
  ping: bytes('{}'),
  decode,
  reply: (id, name, result) => bytes(`{"id":${id},"${name}":${resultJson(name, result)}}`),
  error: (id, refusal) => bytes(JSON.stringify({ id, error: protocolError(refusal) })),
  push: (push) => {
    if ('unsubscribe' in push) return bytes(JSON.stringify({ push }))
    return bytes(`{"push":{"channel":${JSON.stringify(push.channel)},"subscribe":${subscribeJson(push.subscribe)}}}`)
  },
  publications: (channel, publications) =>
    bytes(
      publications
        .map((publication) => `{"push":{"channel":"${channel}","pub":${publicationJson(publication)}}}`)
        .join('\n'),
    ),
  entry: (_channel, _first, payload) => payload,
  signals: (_channel, payload) => payload,
}
