import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { isRefusal, type Refusal, refuse } from './errors.ts'
import { CID_PATTERN, ID_PATTERN } from './ids.ts'

interface Wrong {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}

interface Compiled {
  Check(value: unknown): boolean
  Errors(value: unknown): Wrong[]
}

/** Compiled once per schema, at its first use, so that importing a schema costs nothing. */
const compiled = new WeakMap<TSchema, Compiled>()

function compile(schema: TSchema): Compiled {
  const known = compiled.get(schema)
  if (known) return known
  const fresh = Compile(schema) as Compiled
  compiled.set(schema, fresh)
  return fresh
}

/**
 * Holds a value from outside against its schema.
 * @returns the value, typed, or a refusal (`bad_request`, or `too_large` past a length) that names the first wrong field.
 */
export function validate<S extends TSchema>(schema: S, value: unknown): Static<S> | Refusal {
  const kind = kindOf(schema, value)
  if (isRefusal(kind)) return kind
  const validator = compile(kind)
  if (validator.Check(value)) return value as Static<S>
  return explain(validator.Errors(value))
}

type Kinds = { readonly anyOf?: readonly { readonly properties?: Readonly<Record<string, { const?: unknown }>> }[] }

/**
 * Of several kinds of object that a field tells apart (`provider`), the one that the value says it is: so that its other fields
 * are named, and not those of the kinds it is not.
 */
function kindOf(schema: TSchema, value: unknown): TSchema | Refusal {
  const { anyOf: kinds = [] } = schema as Kinds
  const field = Object.keys(kinds[0]?.properties ?? {}).find((name) =>
    kinds.every(({ properties }) => properties?.[name]?.const !== undefined),
  )
  if (field === undefined || typeof value !== 'object' || value === null) return schema
  const said = (value as Readonly<Record<string, unknown>>)[field]
  const kind = kinds.find(({ properties }) => properties?.[field]?.const === said)
  if (kind) return kind as TSchema
  return refuse('bad_request', { field, message: said === undefined ? 'is required' : 'is none of the allowed values' })
}

function explain(all: readonly Wrong[]): Refusal {
  const errors = nearest(all)
  const first = errors[0]
  if (!first) return refuse('bad_request')
  const unknown = errors.find((error) => error.keyword === 'additionalProperties')
  const error = first.keyword === 'boolean' && unknown ? unknown : first
  const path = error.instancePath.split('/').filter((part) => part !== '')
  const params = error.params as { requiredProperties?: string[]; additionalProperties?: string[] }
  const inner = params.requiredProperties?.[0] ?? params.additionalProperties?.[0]
  const field = [...path, ...(inner === undefined ? [] : [inner])].join('.')
  const code = error.keyword === 'maxLength' || error.keyword === 'maxItems' ? 'too_large' : 'bad_request'
  return refuse(code, { message: sentence(error), ...(field === '' ? {} : { field }) })
}

const BRANCH = /^(.*?\/anyOf)\/(\d+)/

/** A union reports every branch that it tried: those of the branch that the value is nearest to are about what was meant. */
function nearest(errors: readonly Wrong[]): readonly Wrong[] {
  const union = BRANCH.exec(errors[0]?.schemaPath ?? '')?.[1]
  if (union === undefined) return errors
  const inside = errors.filter(({ schemaPath }) => schemaPath.startsWith(`${union}/`))
  const branches = Map.groupBy(inside, ({ schemaPath }) => BRANCH.exec(schemaPath)?.[2] ?? '')
  const [fewest] = [...branches.values()].sort((a, b) => a.length - b.length)
  return fewest ?? errors
}

const PATTERNS: Readonly<Record<string, string>> = {
  [ID_PATTERN]: 'must be 1 to 64 of A-Z a-z 0-9 _ -',
  [CID_PATTERN]: 'must be 1 to 64 of A-Z a-z 0-9 _ . : -',
  '^https://': 'must begin with https://',
}

function sentence({ keyword, params, message }: Wrong): string {
  const { pattern = '' } = params as { pattern?: string }
  if (keyword === 'required') return 'is required'
  if (keyword === 'additionalProperties') return 'is not a field of this'
  if (keyword === 'pattern') return PATTERNS[pattern] ?? 'is not of the form that it must have'
  if (keyword === 'const') return 'is none of the allowed values'
  return message
}
