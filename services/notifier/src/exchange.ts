import { after, DeadlineError } from '@switchboard/runtime/deadline'
import type { Dispatcher } from 'undici'

/** A POST over a provider's connection. `path` starts with a slash. */
export type Post = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** Milliseconds in which it has to be on its way: what waits longer for a stream is not sent any more. */
  readonly startMsMax: number
  /** Milliseconds for the whole exchange. */
  readonly endMsMax: number
}

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Nothing of it was written: the connection was not there, or all its streams were taken. */
export class NotStartedError extends Error {
  override readonly name = 'NotStartedError'
}

const ANSWER_BYTES_MAX = 64 * 1024

export type Requester = Pick<Dispatcher, 'dispatch'>

/**
 * One POST and the whole of its answer, so that the stream is free again. Dispatched and not requested, because a signal of
 * undici's `request` (8.12) does not end the wait for a free stream: behind a provider that takes pushes and answers none, one
 * would lie in the client until it is better, and then be shown though it was read long ago.
 *
 * @throws NotStartedError where nothing was written; else what the connection says, or a DeadlineError.
 */
export function exchange(requester: Requester, origin: string, post: Post): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  let isStarted = false
  let over: Error | undefined
  let stop = (_: Error): void => undefined
  const end = (reason: Error): void => {
    over = reason
    stop(reason)
    reject(reason)
  }
  const late = () => new NotStartedError('no stream was free in time')
  let isLate = false
  // Plain timers: a signal is dear, and each push had two.
  const cancelStart = after(post.startMsMax, () => {
    isLate = true
    if (!isStarted) end(late())
  })
  const cancelEnd = after(post.endMsMax, () => end(new DeadlineError(`no answer within ${post.endMsMax} ms`)))
  const body: Buffer[] = []
  let bytes = 0
  let head: Pick<Answer, 'status' | 'headers'> | undefined

  requester.dispatch(
    { origin, method: 'POST', path: post.path, headers: post.headers, body: post.body },
    {
      // Also called again for a stream that the provider refused: then it was written once and provably not processed.
      onRequestStart: (controller) => {
        isStarted = true
        if (over === undefined && isLate) over = late()
        if (over !== undefined) controller.abort(over)
        stop = (reason) => controller.abort(reason)
      },
      onResponseStart: (_, status, headers) => {
        head = { status, headers }
      },
      onResponseData: (controller, chunk) => {
        bytes += chunk.length
        if (bytes > ANSWER_BYTES_MAX)
          controller.abort(new RangeError(`an answer of more than ${ANSWER_BYTES_MAX} bytes`))
        else body.push(chunk)
      },
      onResponseEnd: () => {
        if (head !== undefined) resolve({ ...head, body: Buffer.concat(body).toString('utf8') })
      },
      onResponseError: (_, error) => reject(error),
    },
  )
  return promise.finally(() => {
    cancelStart()
    cancelEnd()
  })
}
