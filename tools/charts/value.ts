/** One value of the chart: its kind, its default and a sentence. The tree of them makes values.yaml, its schema and the table in the README. */
export type Value =
  | { readonly kind: 'group'; readonly doc: string; readonly values: Values }
  | {
      readonly kind: 'string'
      readonly default: string
      readonly doc: string
      readonly oneOf?: readonly string[]
      readonly pattern?: string
    }
  | {
      readonly kind: 'integer'
      readonly default: number
      readonly doc: string
      readonly min: number
      readonly max?: number
    }
  | { readonly kind: 'boolean'; readonly default: boolean; readonly doc: string }
  | { readonly kind: 'strings'; readonly default: readonly string[]; readonly doc: string }
  /** As Kubernetes has it: handed on, unread by the chart. */
  | { readonly kind: 'object'; readonly default: Plain; readonly doc: string }
  | { readonly kind: 'objects'; readonly default: readonly Plain[]; readonly doc: string }
  /** Settings of a service, by the names that its table has. */
  | { readonly kind: 'settings'; readonly default: Plain; readonly doc: string; readonly schema: Plain }

export type Values = Readonly<Record<string, Value>>
export type Plain = { readonly [key: string]: unknown }

export const group = (doc: string, values: Values): Value => ({ kind: 'group', doc, values })
export const text = (value: string, doc: string, pattern?: string): Value => ({
  kind: 'string',
  default: value,
  doc,
  ...(pattern !== undefined && { pattern }),
})
export const oneOf = (all: readonly string[], doc: string): Value => ({
  kind: 'string',
  default: all[0] ?? '',
  oneOf: all,
  doc,
})
export const count = (value: number, doc: string, bounds: { min?: number; max?: number } = {}): Value => ({
  kind: 'integer',
  default: value,
  doc,
  min: 0,
  ...bounds,
})
export const flag = (value: boolean, doc: string): Value => ({ kind: 'boolean', default: value, doc })
export const strings = (doc: string): Value => ({ kind: 'strings', default: [], doc })
export const object = (doc: string, value: Plain = {}): Value => ({ kind: 'object', default: value, doc })
export const objects = (doc: string): Value => ({ kind: 'objects', default: [], doc })
