import { CHANNELS, type Channel } from '@switchboard/contracts/channels'
import { CLOSE } from '@switchboard/contracts/close-codes'
import { DESK_EVENTS } from '@switchboard/contracts/desk-events'
import { ERRORS, type ErrorRow } from '@switchboard/contracts/errors'
import { ROOM_EVENTS, SIGNALS, USER_EVENTS } from '@switchboard/contracts/events'
import { LIMITS } from '@switchboard/contracts/limits'
import type { Method } from '@switchboard/contracts/method'
import { METHODS } from '@switchboard/contracts/methods'
import { COMMANDS, UNSUBSCRIBE } from '@switchboard/contracts/protocol'
import { amount, code, table } from './docs-markdown.ts'
import type { Route } from './docs-routes.ts'
import { fieldsText, namedTypes, plain, typeText } from './docs-schema.ts'

const EVERY_EVENT = ['type', 'seq', 'n', 'at', 'from', 'cid']
const sentence = (text: string): string => (/[.…]$/.test(text) ? text : `${text}.`)
const braces = (text: string): string => (text === '' ? '' : code(`{${text}}`))

const methods = () =>
  table(
    ['Method', 'Data', 'Result', 'Answered by', ''],
    Object.entries(METHODS as Record<string, Method>).map(([name, { params, result, answerer, doc }]) => [
      code(name),
      code(`{${fieldsText(plain(params))}}`),
      code(typeText(plain(result))),
      answerer === 'room' || answerer === 'desk' ? `the ${answerer}` : answerer,
      doc,
    ]),
  )

const events = (of: Readonly<Record<string, unknown>>, without: readonly string[]) =>
  table(
    ['Type', 'Fields', ''],
    Object.entries(of).map(([name, schema]) => {
      const shape = plain(schema)
      return [code(name), braces(fieldsText(shape, without)), sentence(shape.description ?? '')]
    }),
  )

const errors = () =>
  table(
    ['Code', 'Number', 'HTTP', 'Same again?', 'Meaning'],
    Object.entries(ERRORS as Record<string, ErrorRow>).map(([name, { number, http, retry, meaning }]) => [
      code(name),
      `${number}`,
      `${http}`,
      retry ? 'yes' : '',
      meaning,
    ]),
  )

const closes = () =>
  table(
    ['Code', 'Reason', 'The client', 'Meaning'],
    Object.values(CLOSE).map((close) => [
      `${close.code}`,
      code(close.reason),
      close.code % 1_000 < 500 ? 'returns by itself' : 'stays away',
      close.meaning,
    ]),
  )

const unsubscribes = () =>
  table(
    ['Code', 'Reason', 'The client'],
    Object.values(UNSUBSCRIBE).map((one) => [
      `${one.code}`,
      code(one.reason),
      one.code >= 2500 ? 'subscribes again by itself' : 'lets go of the channel',
    ]),
  )

const limits = () =>
  table(
    ['Limit', 'Value', 'Why'],
    Object.entries(LIMITS).map(([name, { value, unit, why }]) => [code(name), amount(value, unit), why]),
  )

const channels = () =>
  table(
    ['Channel', 'Kind', 'Subject', 'Carries', 'Guarantee', 'Order', 'From', 'To'],
    Object.entries(CHANNELS as Record<string, Channel>).map(([name, channel]) => [
      code(name),
      channel.kind,
      channel.subject === undefined ? '' : code(channel.subject),
      channel.carries,
      channel.guarantee,
      channel.order,
      channel.producers.join(', '),
      channel.consumers.join(', '),
    ]),
  )

const types = () =>
  table(
    ['Type', 'What it may hold'],
    namedTypes().map(([name, text]) => [code(name), sentence(text)]),
  )

const commands = () =>
  table(
    ['Command', 'Fields'],
    Object.entries(COMMANDS).map(([name, schema]) => [code(name), braces(fieldsText(plain(schema)))]),
  )

function asked({ query, body }: Route): string {
  const parts = [query && `?${Object.keys(query.properties ?? {}).join('&')}`, body && typeText(body)]
  return parts
    .filter((part) => part !== undefined)
    .map(code)
    .join(' ')
}

/** What the edge serves besides its API. */
const BESIDES: readonly (readonly string[])[] = [
  [code('GET /.well-known/jwks.json'), '', 'anybody', 'The public keys of our tokens.'],
  [code('GET /docs'), '', 'anybody', 'This API as a page; as OpenAPI at `/docs/json`.'],
]

const routes = (all: readonly Route[]) =>
  table(
    ['Route', 'Query, body', 'Who', ''],
    [
      ...all.map((route) => [
        code(`${route.method} ${route.url}`),
        asked(route),
        route.security.length === 0 ? 'anybody' : route.security.join(' or '),
        sentence(route.summary),
      ]),
      ...BESIDES,
    ],
  )

/** Every generated block of docs/protocol.md. */
export const protocolBlocks = (all: readonly Route[]): Record<string, string> => ({
  types: types(),
  commands: commands(),
  methods: methods(),
  'room-events': events(ROOM_EVENTS, EVERY_EVENT),
  'user-events': events(USER_EVENTS, EVERY_EVENT),
  'desk-events': events(DESK_EVENTS, EVERY_EVENT),
  signals: events(SIGNALS, ['type']),
  errors: errors(),
  'close-codes': closes(),
  unsubscribes: unsubscribes(),
  limits: limits(),
  routes: routes(all),
})

/** The block of docs/architecture.md. */
export const channelBlocks = (): Record<string, string> => ({ channels: channels() })
