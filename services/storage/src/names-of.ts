import { type Collections, oneOf } from './mongo-connect.ts'

/** The names that these people gave themselves, by user; those without an account are absent. */
export async function namesOf({ users }: Collections, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const projection = { name: 1 } as const
  const found = await users.find({ _id: oneOf([...new Set(ids)]) }, { projection }).toArray()
  return new Map(found.flatMap(({ _id, name }) => (name === undefined ? [] : [[_id, name] as const])))
}
