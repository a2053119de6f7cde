import type { ServerHttp2Session } from 'node:http2'

/** One connection of a client, for faults that belong to a connection and not to a request. */
export type PushSession = {
  /** 1 for the first connection that the server saw. */
  readonly number: number
  /** Streams that were opened on it, also those never answered. */
  readonly streams: () => number
  /** Announces the end: streams up to `lastStreamId` (default: all so far) are still answered, later ones never. */
  readonly goaway: (lastStreamId?: number) => void
  /** Changes how many streams the client may have open; says it once, as unanswered SETTINGS end a connection. */
  readonly limit: (streamsMax: number) => void
  /** Cuts the connection without a word. */
  readonly destroy: () => void
  readonly open: () => boolean
}

export type TrackedSession = PushSession & {
  readonly opened: (streamId: number) => void
  /** False for a stream past a GOAWAY: the client has been told that it is not processed. */
  readonly accepts: (streamId: number) => boolean
}

export function trackSession(session: ServerHttp2Session, number: number): TrackedSession {
  let count = 0
  let newest = 0
  let limit: number | undefined
  let last = Number.POSITIVE_INFINITY
  return {
    number,
    streams: () => count,
    opened: (streamId) => {
      count += 1
      newest = Math.max(newest, streamId)
    },
    accepts: (streamId) => streamId <= last,
    goaway: (lastStreamId = newest) => {
      last = lastStreamId
      if (!session.destroyed) session.goaway(0, lastStreamId)
    },
    limit: (streamsMax) => {
      if (session.destroyed || streamsMax === limit) return
      limit = streamsMax
      session.settings({ maxConcurrentStreams: streamsMax })
    },
    destroy: () => {
      session.socket.destroy()
    },
    open: () => !session.closed && !session.destroyed,
  }
}
