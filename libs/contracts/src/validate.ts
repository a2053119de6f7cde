import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { type Refusal, refuse } from './errors.ts'

interface Compiled {
  Check(value: unknown): boolean
  Errors(value: unknown): { keyword: string; instancePath: string; params: object; message: string }[]
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
  const validator = compile(schema)
  if (validator.Check(value)) return value as Static<S>
  return explain(validator.Errors(value))
}

function explain(errors: ReturnType<Compiled['Errors']>): Refusal {
  // A union reports every branch it tried; the last error of the first wrong field is the sentence about the field itself.
  const first = errors[0]
  if (!first) return refuse('bad_request')
  const unknown = errors.find((error) => error.keyword === 'additionalProperties')
  const error = first.keyword === 'boolean' && unknown ? unknown : first
  const path = error.instancePath.split('/').filter((part) => part !== '')
  const params = error.params as { requiredProperties?: string[]; additionalProperties?: string[] }
  const inner = params.requiredProperties?.[0] ?? params.additionalProperties?.[0]
  const field = [...path, ...(inner === undefined ? [] : [inner])].join('.')
  const code = error.keyword === 'maxLength' || error.keyword === 'maxItems' ? 'too_large' : 'bad_request'
  return refuse(code, { message: sentence(error, errors), ...(field === '' ? {} : { field }) })
}

function sentence(error: { keyword: string; message: string }, all: { keyword: string; message: string }[]): string {
  if (error.keyword === 'required') return 'is required'
  if (error.keyword === 'additionalProperties') return 'is not a field of this'
  if (error.keyword === 'pattern') return 'must be 1 to 64 of A-Z a-z 0-9 _ -'
  if (error.keyword === 'const' && all.length > 1) return 'is none of the allowed values'
  return error.message
}
