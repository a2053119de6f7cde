import { once } from 'node:events'
import {
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Certificate } from './push-certificate.ts'
import { createRecords, type PushRecord, type PushRecords, type ShownPush } from './push-records.ts'
import { type PushSession, type TrackedSession, trackSession } from './push-sessions.ts'

/** A request as it came. */
export type PushCall = {
  readonly session: number
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Names and values as sent, to find a header that came twice. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

/** What a provider would answer. */
export type PushAnswer = {
  readonly status: number
  readonly reason?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly shown?: ShownPush
}

/** What may go wrong with one request. Faults of a connection are methods of its `PushSession`. */
export type PushFault =
  /** This answer instead of the judged one. */
  | { readonly kind: 'answer'; readonly answer: PushAnswer }
  /** The judged answer, but not before `until` is settled. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** Judged (so that it may be "shown"), and never answered. */
  | { readonly kind: 'silent' }
  /** RST_STREAM; 7 is REFUSED_STREAM, which says that the request was not processed. */
  | { readonly kind: 'reset'; readonly code: number }
  /** The connection is cut after the request was judged. */
  | { readonly kind: 'destroy' }

export type PushServer = {
  readonly url: string
  readonly received: PushRecords
  readonly sessions: readonly PushSession[]
  /** The next `times` requests (default 1) that `when` accepts meet this fault. */
  readonly plan: (fault: PushFault, options?: { times?: number; when?: (call: PushCall) => boolean }) => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type PushServerOptions = {
  readonly certificate: Certificate
  readonly judge: (call: PushCall) => PushAnswer
  readonly now: () => number
  /** 0 or absent: any free port. */
  readonly port?: number
  /** Streams that a client may open at first, and from its first accepted request on. */
  readonly streams?: { readonly first: number; readonly later: number }
  readonly recordsMax?: number
  readonly onShown?: (push: ShownPush) => void
}

const BODY_BYTES_MAX = 64 * 1024
const RECORDS_MAX = 20_000

/** Starts an HTTP/2 server on 127.0.0.1 that answers as `judge` says and can be told to misbehave. */
export async function startPushServer(options: PushServerOptions): Promise<PushServer> {
  const book = createRecords(options.recordsMax ?? RECORDS_MAX)
  const plans = createPlans()
  const sessions: TrackedSession[] = []
  const raw = new Set<ServerHttp2Session>()
  const server = createSecureServer({
    ...options.certificate,
    ...(options.streams === undefined ? {} : { settings: { maxConcurrentStreams: options.streams.first } }),
  })
  const serve = createServe(options, { add: book.add, takeFault: plans.take })

  server.on('session', (session) => {
    const tracked = trackSession(session, sessions.length + 1)
    sessions.push(tracked)
    raw.add(session)
    session.on('close', () => raw.delete(session))
    // A client that cuts its connection is an ordinary thing for a provider.
    session.on('error', () => undefined)
    session.on('stream', (...[stream, headers, , rawHeaders]) => {
      stream.on('error', () => undefined)
      tracked.opened(stream.id ?? 0)
      if (!tracked.accepts(stream.id ?? 0)) return
      void readCall(stream, { headers, rawHeaders, session: tracked.number }).then((call) =>
        call === undefined ? undefined : serve(stream, call, tracked),
      )
    })
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `https://127.0.0.1:${port}`,
    received: book.records,
    sessions,
    plan: plans.add,
    [Symbol.asyncDispose]: async () => {
      book.end()
      for (const session of raw) session.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** The faults to come, in the order in which they were asked for. */
function createPlans() {
  const plans: { fault: PushFault; times: number; when: (call: PushCall) => boolean }[] = []
  const add: PushServer['plan'] = (fault, { times = 1, when = () => true } = {}) => {
    plans.push({ fault, times, when })
  }
  const take = (call: PushCall): PushFault | undefined => {
    const index = plans.findIndex((plan) => plan.when(call))
    const plan = plans[index]
    if (plan === undefined) return undefined
    plan.times -= 1
    if (plan.times === 0) plans.splice(index, 1)
    return plan.fault
  }
  return { add, take }
}

type Desk = {
  readonly add: (record: PushRecord) => void
  readonly takeFault: (call: PushCall) => PushFault | undefined
}

/** Judges a request, records it, and answers it, or does what its fault says instead. */
function createServe(options: PushServerOptions, { add, takeFault }: Desk) {
  return async (stream: ServerHttp2Stream, call: PushCall, session: TrackedSession): Promise<void> => {
    const fault = takeFault(call)
    const refused = fault?.kind === 'reset'
    const answer = refused ? undefined : fault?.kind === 'answer' ? fault.answer : options.judge(call)
    const answered = fault === undefined || fault.kind === 'answer' || fault.kind === 'hold'
    add({
      session: session.number,
      streamId: stream.id ?? 0,
      atMs: options.now(),
      path: call.path,
      headers: call.headers,
      body: call.body,
      status: answered ? (answer?.status ?? 0) : 0,
      reason: answer?.reason ?? fault?.kind ?? '',
      ...(answer?.shown === undefined ? {} : { shown: answer.shown }),
    })
    if (answer?.shown !== undefined) options.onShown?.(answer.shown)
    if (fault?.kind === 'hold') await fault.until
    if (fault?.kind === 'reset') stream.close(fault.code)
    if (fault?.kind === 'destroy') session.destroy()
    if (!answered || answer === undefined || stream.destroyed || stream.closed) return
    stream.respond({ ':status': answer.status, ...answer.headers })
    stream.end(answer.body ?? '')
    if (answer.status === 200 && options.streams !== undefined) session.limit(options.streams.later)
  }
}

/** Reads a request to its end; undefined when the client gave up first or sent more than 64 KiB. */
function readCall(
  stream: ServerHttp2Stream,
  head: { headers: IncomingHttpHeaders; rawHeaders: readonly string[]; session: number },
): Promise<PushCall | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
      else stream.close(11)
    })
    stream.on('close', () => resolve(undefined))
    stream.on('end', () => {
      const { headers, rawHeaders, session } = head
      const method = String(headers[':method'])
      resolve({ session, method, path: String(headers[':path']), headers, rawHeaders, body: Buffer.concat(chunks) })
    })
  })
}
