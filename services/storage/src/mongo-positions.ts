import { type Collections, oneOf } from './mongo-connect.ts'

interface Asked {
  readonly resolve: (seq: number) => void
  readonly reject: (error: unknown) => void
}

/**
 * Reads the stored position of a partition, 0 if there is none. A pod asks for many at the moment it gets its partitions: those of one
 * turn of the event loop become one question.
 */
export function positionReader({ positions }: Collections): (key: string) => Promise<number> {
  let waiting = new Map<string, Asked[]>()
  const look = async () => {
    const asked = waiting
    waiting = new Map()
    try {
      const found = await positions.find({ _id: oneOf([...asked.keys()]) }).toArray()
      const seqs = new Map(found.map(({ _id, seq }) => [_id, seq]))
      for (const [key, all] of asked) for (const { resolve } of all) resolve(seqs.get(key) ?? 0)
    } catch (error) {
      for (const { reject } of [...asked.values()].flat()) reject(error)
    }
  }
  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.size === 0) setImmediate(look)
      waiting.set(key, [...(waiting.get(key) ?? []), { resolve, reject }])
    })
}
