/** The limit of pushing: the same requests over HTTP/2, with nothing before and nothing after them. */
import { type ClientHttp2Session, connect } from 'node:http2'
import type { Captured } from '../limit/push-sink.ts'
import { until } from './pace.ts'
import { serveParent } from './worker.ts'

/** As the notifier: two connections of 500 streams. */
const SESSIONS = 2
const STREAMS = 500
const SEND_MS_MAX = 120_000

export const methods = {
  /** Sends these in turn, `count` times altogether. */
  send: async (work: { url: string; ca: string; requests: readonly Captured[]; count: number }) => {
    const sessions = Array.from({ length: SESSIONS }, () => connect(work.url, { ca: work.ca }))
    const { requests, count } = work
    const faults: string[] = []
    for (const session of sessions) session.on('error', (error) => faults.push(error.message))
    let [begun, done] = [0, 0]
    const next = (session: ClientHttp2Session): void => {
      const request = requests[begun % requests.length]
      if (begun >= count || !request) return
      begun += 1
      const stream = session.request({ ':method': 'POST', ':path': request.path, ...request.headers })
      stream.on('response', ({ ':status': status }) => status === 200 || faults.push(`answered with ${status}`))
      stream.on('error', (error) => faults.push(error.message))
      stream.on('close', () => {
        done += 1
        next(session)
      })
      stream.resume()
      stream.end(request.body)
    }
    // A provider allows one stream until it has accepted the first request of a connection.
    await Promise.all(
      sessions.map(async (session) => {
        const before = done
        next(session)
        await until(
          () => done > before,
          SEND_MS_MAX,
          () => 'no answer to the first request',
        )
      }),
    )
    const from = performance.now()
    const left = count - done
    for (const session of sessions) for (let i = 0; i < STREAMS; i += 1) next(session)
    await until(
      () => done >= count,
      SEND_MS_MAX,
      () => `${done} of ${count} were answered`,
    )
    const seconds = (performance.now() - from) / 1_000
    for (const session of sessions) session.close()
    return { sent: left, seconds, faults: faults.slice(0, 5) }
  },
}

serveParent(methods)
