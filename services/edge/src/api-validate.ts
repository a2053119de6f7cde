import { isRefusal } from '@switchboard/contracts/errors'
import { validate } from '@switchboard/contracts/validate'
import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { RefusalError } from './api-errors.ts'

const NUMBER = /^-?\d{1,15}$/

/** What stands in an address is text: where the schema wants a number, a text of digits is one. */
function readNumbers(schema: TSchema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {}
  const read = ([name, text]: [string, unknown]) =>
    properties[name]?.type === 'integer' && typeof text === 'string' && NUMBER.test(text)
      ? [name, Number(text)]
      : [name, text]
  return Object.fromEntries(Object.entries(value).map(read))
}

/** The schemas of the contracts validate, as everywhere; the framework's own validator would say it in other words. */
export function useContractSchemas(app: FastifyInstance): void {
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => (value: unknown) => {
    const result = validate(schema, httpPart === 'querystring' ? readNumbers(schema, value) : value)
    if (!isRefusal(result)) return { value: result }
    return { error: new RefusalError({ ...result, field: result.field ?? httpPart ?? 'body' }) }
  })
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
}
