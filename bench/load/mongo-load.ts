/** A load process on MongoDB itself: what the driver does when nobody asks who may. */
import { type Document, MongoClient } from 'mongodb'
import { type PagesDone, type PageWork, readPages } from './page-loop.ts'
import { serveParent } from './worker.ts'

/** The collection that holds most of everything. */
const EVENTS = 'events'

let client: MongoClient | undefined
let documents: Document[] = []
let indexes: Document[] = []

function db(name: string) {
  if (!client) throw new Error('not connected')
  return client.db(name)
}

export const methods = {
  connect: async ({ url }: { url: string }): Promise<void> => {
    client = await new MongoClient(url, {
      writeConcern: { w: 'majority' },
      readConcern: { level: 'majority' },
    }).connect()
  },

  /** Takes over the documents and the indexes that storage has made. @returns how many there are, and whether each room is dense. */
  copy: async ({ database }: { database: string }): Promise<{ count: number; holes: number }> => {
    const events = db(database).collection(EVENTS)
    documents = await events.find().sort({ _id: 1 }).toArray()
    indexes = await events.indexes()
    const heads = new Map<string, { count: number; max: number }>()
    for (const { room, seq } of documents) {
      const { count = 0, max = 0 } = heads.get(room) ?? {}
      heads.set(room, { count: count + 1, max: Math.max(max, seq) })
    }
    return { count: documents.length, holes: [...heads.values()].filter(({ count, max }) => count !== max).length }
  },

  /** Inserts the same documents, batch after batch, into a collection with the same indexes. */
  insert: async ({ database, batch }: { database: string; batch: number }): Promise<{ seconds: number }> => {
    const events = db(database).collection(EVENTS)
    await db(database).createCollection(EVENTS)
    for (const { key, name, v: _version, ...options } of indexes)
      if (name !== '_id_') await events.createIndex(key, { name, ...options })
    const from = performance.now()
    for (let at = 0; at < documents.length; at += batch)
      await events.insertMany(documents.slice(at, at + batch), { ordered: false })
    return { seconds: (performance.now() - from) / 1_000 }
  },

  drop: async ({ database }: { database: string }): Promise<void> => {
    await db(database).dropDatabase()
  },

  /** Reads pages as storage reads them, some at the same time. */
  pages: async (work: PageWork & { database: string }): Promise<PagesDone> => {
    const events = db(work.database).collection(EVENTS)
    return readPages(work, async ({ room, before, limit }) => {
      const seq = { $gte: before - limit, $lte: before - 1 }
      const found = await events.find({ room, seq }).sort({ room: 1, seq: 1 }).toArray()
      return found.length === limit ? undefined : `${found.length} events before ${before}`
    })
  },
}

serveParent(methods)
