/** A load process that reads history page by page through the edge, and looks at each page. */
import { LoadClient } from './client.ts'
import { DIALECTS } from './dialect.ts'
import { textOf } from './frames.ts'
import { type PagesDone, type PageWork, readPages } from './page-loop.ts'
import { serveParent } from './worker.ts'

export interface HistoryWork extends PageWork {
  readonly url: string
  readonly tokens: readonly string[]
}

interface Page {
  readonly id?: number
  readonly error?: unknown
  readonly rpc?: { readonly data: { readonly events: readonly { readonly seq: number }[] } }
}

/** One connection: asks, and is asked back only by pings. */
class Reader {
  readonly #waiting = new Map<number, (page: Page) => void>()
  readonly #client: LoadClient
  readonly open = Promise.withResolvers<void>()
  #ids = 1

  constructor(url: string, token: string) {
    const { hostname: host, port } = new URL(url)
    const { path, opened } = DIALECTS.switchboard
    this.#client = new LoadClient({
      host,
      port: Number(port),
      path,
      onOpen: () => opened({ token, rooms: [] }, (text) => this.#client.send(text)),
      onLine: (line) => this.#take(JSON.parse(textOf(line)) as Page),
      onEnd: (reason) => this.open.reject(new Error(reason)),
    })
  }

  ask(room: string, before_seq: number, limit: number): Promise<Page> {
    this.#ids += 1
    const id = this.#ids
    this.#client.send(JSON.stringify({ id, rpc: { method: 'room.history', data: { room, before_seq, limit } } }))
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  end(): void {
    this.open.promise.catch(() => {})
    this.#client.end()
  }

  #take(page: Page): void {
    if (page.id === 1) this.open.resolve()
    else if (page.id === undefined) this.#client.send('{}')
    else this.#waiting.get(page.id)?.(page)
    this.#waiting.delete(page.id ?? 0)
  }
}

/** What is wrong with a page that was to end before `before`; undefined for nothing. */
function wrongWith(page: Page, before: number, limit: number): string | undefined {
  const events = page.rpc?.data.events
  if (!events) return JSON.stringify(page.error)
  const isDense = events.every(({ seq }, i) => seq === before - limit + i)
  return events.length === limit && isDense ? undefined : `${events.length} events before ${before}, not in order`
}

export const methods = {
  read: async (work: HistoryWork): Promise<PagesDone> => {
    const readers = work.tokens.map((token) => new Reader(work.url, token))
    await Promise.all(readers.map(({ open }) => open.promise))
    const done = await readPages(work, async ({ turn, room, before, limit }) => {
      const page = await readers[turn % readers.length]?.ask(room, before, limit)
      return page ? wrongWith(page, before, limit) : 'no reader'
    })
    for (const reader of readers) reader.end()
    return done
  },
}

serveParent(methods)
