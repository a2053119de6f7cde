import Type, { type TSchema } from 'typebox'

/**
 * Who answers a method: `room` and `desk` send a command into the log's order and answer after the commit (it carries a `cid`);
 * `router` and `storage` are questions; `edge` is answered where the connection is.
 */
export type Answerer = 'room' | 'desk' | 'router' | 'storage' | 'edge'

export interface Method<
  A extends Answerer = Answerer,
  Params extends TSchema = TSchema,
  Result extends TSchema = TSchema,
> {
  readonly answerer: A
  readonly params: Params
  readonly result: Result
  readonly doc: string
}

/** An object that takes no other fields. */
export const object = <Fields extends Record<string, TSchema>>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false })

/** One row of the table of methods. */
export const method = <A extends Answerer, P extends TSchema, R extends TSchema>(
  answerer: A,
  doc: string,
  params: P,
  result: R,
): Method<A, P, R> => ({
  answerer,
  params,
  result,
  doc,
})
