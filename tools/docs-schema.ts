import { ROOM_EVENTS } from '@switchboard/contracts/events'
import { METHODS } from '@switchboard/contracts/methods'

/** The part of JSON Schema that the contracts use. */
export interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly description?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, Schema>>
}

/** The schema as plain JSON: what a document holds. */
export const plain = (schema: unknown): Schema => JSON.parse(JSON.stringify(schema)) as Schema

const fieldOf = (schema: unknown, name: string): string => JSON.stringify(plain(schema).properties?.[name])
const send = METHODS['message.send'].params

/** Schemas that have a name in the documents. */
const NAMED: ReadonlyMap<string, string> = new Map([
  [fieldOf(send, 'room'), 'room id'],
  [fieldOf(METHODS['room.add'].params, 'user'), 'user id'],
  [fieldOf(send, 'cid'), 'cid'],
  [fieldOf(send, 'text'), 'text'],
  [fieldOf(send, 'reply_to'), 'seq'],
  [fieldOf(METHODS['room.update'].params, 'title'), 'title'],
  [fieldOf(METHODS['message.react'].params, 'emoji'), 'emoji'],
  [fieldOf(METHODS['room.role'].params, 'role'), 'role'],
  [fieldOf(ROOM_EVENTS['room.created'], 'kind'), 'kind'],
  [JSON.stringify(plain(send).properties?.files?.items), 'file'],
])

/** A type as a person would write it: `{room: room id, limit?: integer 1…200}`. */
export function typeText(schema: Schema): string {
  const name = NAMED.get(JSON.stringify(schema))
  if (name !== undefined) return name
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' or ')
  if (schema.type === 'array' && schema.items) return `list of ${typeText(schema.items)}${most(schema.maxItems)}`
  if (schema.patternProperties) return `{…: ${Object.values(schema.patternProperties).map(typeText).join()}}`
  if (schema.type === 'object') return schema.properties ? `{${fieldsText(schema)}}` : 'object'
  if (schema.type === 'integer') return `integer${bounds(schema)}`
  return `${schema.type ?? 'anything'}${most(schema.maxLength)}`
}

const most = (max: number | undefined): string => (max === undefined ? '' : ` (at most ${max})`)

function bounds({ minimum, maximum }: Schema): string {
  if (maximum === undefined || maximum === Number.MAX_SAFE_INTEGER) return ''
  return ` ${minimum ?? 0}…${maximum}`
}

/** The fields of an object, without its braces; `?` after those that may be absent. */
export function fieldsText(schema: Schema, without: readonly string[] = []): string {
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !without.includes(name))
    .map(([name, field]) => {
      const type = typeText(field)
      const label = `${name}${schema.required?.includes(name) ? '' : '?'}`
      // A field that is called what it is needs no second word.
      return type === name || type === `${name} id` ? label : `${label}: ${type}`
    })
    .join(', ')
}

/** The named types: what each may hold, in the words of its schema. */
export const namedTypes = (): readonly (readonly [name: string, description: string])[] =>
  [...NAMED].map(([text, name]) => {
    const schema = JSON.parse(text) as Schema
    const values = schema.anyOf?.map((one) => JSON.stringify(one.const)).join(', ')
    const fields = schema.properties ? `{${fieldsText(schema)}}` : undefined
    return [name, [values, fields, schema.description].filter((part) => part !== undefined).join('. ')]
  })
