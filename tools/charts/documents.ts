import { code, table } from '../docs-markdown.ts'
import type { Plain, Value, Values } from './value.ts'

/** values.yaml: every value with its sentence, in the order in which people look for them. */
export function valuesYaml(values: Values): string {
  const blocks = Object.entries(values).map(([name, value]) => lines(name, value, 0).join('\n'))
  return `# Generated from tools/charts/values.ts by \`npm run docs\`.\n\n${blocks.join('\n\n')}\n`
}

function lines(name: string, value: Value, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const comment = `${indent}# ${value.doc}`
  if (value.kind === 'group') {
    const inner = Object.entries(value.values).flatMap(([key, one]) => lines(key, one, depth + 1))
    return [comment, `${indent}${name}:`, ...inner]
  }
  return [comment, ...plain(name, value.default, indent)]
}

function plain(name: string, value: unknown, indent: string): string[] {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  const entries = isMap ? Object.entries(value) : []
  if (entries.length === 0) return [`${indent}${name}: ${scalar(value)}`]
  return [`${indent}${name}:`, ...entries.flatMap(([key, one]) => plain(key, one, `${indent}  `))]
}

/** JSON is YAML: what is quoted here cannot be read as something else. */
const scalar = (value: unknown): string => JSON.stringify(value)

/** values.schema.json, for Helm 3 and 4: draft 7. What is not named is refused, but for `global`, which Helm itself puts in. */
export function valuesSchema(values: Values): string {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...groupSchema(values, { global: {} }) }
  return `${JSON.stringify(schema, null, 2)}\n`
}

const groupSchema = (values: Values, more: Plain = {}): Plain => ({
  type: 'object',
  additionalProperties: false,
  properties: { ...Object.fromEntries(Object.entries(values).map(([name, one]) => [name, schemaOf(one)])), ...more },
})

function schemaOf(value: Value): Plain {
  const description = value.doc
  switch (value.kind) {
    case 'group':
      return { ...groupSchema(value.values), description }
    case 'string':
      return {
        type: 'string',
        ...(value.oneOf && { enum: value.oneOf }),
        ...(value.pattern !== undefined && { pattern: value.pattern }),
        description,
      }
    case 'integer':
      return {
        type: 'integer',
        minimum: value.min,
        ...(value.max !== undefined && { maximum: value.max }),
        description,
      }
    case 'boolean':
      return { type: 'boolean', description }
    case 'strings':
      return { type: 'array', items: { type: 'string', minLength: 1 }, description }
    case 'object':
      return { type: 'object', description }
    case 'objects':
      return { type: 'array', items: { type: 'object' }, description }
    case 'settings':
      return { ...value.schema, description }
  }
}

/** The table of the chart's README: a row for each value. */
export const valuesTable = (values: Values): string => table(['Value', 'Default', ''], rows(values, ''))

function rows(values: Values, path: string): string[][] {
  return Object.entries(values).flatMap(([name, value]) => {
    const whole = path === '' ? name : `${path}.${name}`
    if (value.kind === 'group') return rows(value.values, whole)
    const shown = value.kind === 'string' && value.default === '' ? '' : code(JSON.stringify(value.default))
    return [[code(whole), shown, value.doc]]
  })
}
