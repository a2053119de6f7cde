import type { IncomingHttpHeaders } from 'node:http2'

/** What a phone or a browser would have shown. */
export type ShownPush = {
  readonly provider: 'apns' | 'fcm' | 'webpush'
  /** Device token, registration token or installation id, or endpoint. */
  readonly target: string
  readonly title: string
  readonly body: string
  readonly badge?: number
  readonly room?: string
  readonly seq?: number
}

/** One request as the server saw it, with the answer it gave; status 0 stands for no answer. */
export type PushRecord = {
  readonly session: number
  readonly streamId: number
  readonly atMs: number
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly status: number
  readonly reason: string
  /** Only where the request was valid and accepted. */
  readonly shown?: ShownPush
}

export type PushRecords = {
  /** The newest records, oldest first. */
  readonly all: readonly PushRecord[]
  /** How many there were, also those that are not kept any more. */
  readonly count: () => number
  /** The first record, past or future, that matches. Rejects after `deadlineMs` with a list of what came instead. */
  readonly waitFor: (match: (record: PushRecord) => boolean, deadlineMs: number) => Promise<PushRecord>
  /** Everything from the first kept record on, as it comes, until the server ends. */
  readonly [Symbol.asyncIterator]: () => AsyncIterator<PushRecord>
}

/** Keeps at most `recordsMax` records: a server that runs for days must not remember each push. */
export function createRecords(recordsMax: number) {
  const kept: PushRecord[] = []
  const listeners = new Set<(record: PushRecord | undefined) => void>()
  let count = 0
  let ended = false

  const next = (): Promise<PushRecord | undefined> =>
    new Promise((resolve) => {
      const listener = (record: PushRecord | undefined): void => {
        listeners.delete(listener)
        resolve(record)
      }
      listeners.add(listener)
    })

  const records: PushRecords = {
    all: kept,
    count: () => count,
    waitFor: (match, deadlineMs) => {
      const found = kept.find(match)
      if (found !== undefined) return Promise.resolve(found)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          listeners.delete(listener)
          reject(new Error(`no such push within ${deadlineMs} ms; came: ${kept.slice(-20).map(describe).join(', ')}`))
        }, deadlineMs)
        const listener = (record: PushRecord | undefined): void => {
          if (record !== undefined && !match(record)) return
          clearTimeout(timer)
          listeners.delete(listener)
          if (record === undefined) reject(new Error('the push server ended'))
          else resolve(record)
        }
        listeners.add(listener)
      })
    },
    async *[Symbol.asyncIterator]() {
      let seen = count - kept.length
      while (!ended) {
        const waiting = next()
        while (seen < count) {
          const record = kept[kept.length - (count - seen)]
          seen += 1
          if (record !== undefined) yield record
        }
        await waiting
      }
    },
  }
  const tell = (record: PushRecord | undefined): void => {
    for (const listener of [...listeners]) listener(record)
  }
  return {
    records,
    add: (record: PushRecord): void => {
      kept.push(record)
      count += 1
      if (kept.length > recordsMax) kept.shift()
      tell(record)
    },
    end: (): void => {
      ended = true
      tell(undefined)
    },
  }
}

function describe(record: PushRecord): string {
  return `${record.path.slice(0, 40)} → ${record.status} ${record.reason}`
}
