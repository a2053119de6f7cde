import type { ErrorCode } from '@switchboard/contracts/errors'

/** Failures that no server reported: the connection was not there, the answer not ours, or a bound of this client was met. */
export type LocalCode = 'disconnected' | 'closed' | 'bad_answer' | 'outbox_full'
export type FailureCode = ErrorCode | LocalCode

export interface Failure {
  readonly code: FailureCode
  readonly message: string
  /** The field that was wrong, where one was. */
  readonly field?: string
  /** Whether the same command, with the same cid, may be sent again. */
  readonly retry: boolean
  /** Of a `conflict`: how things stand by now. */
  readonly state?: object
}

/** What the calls of this package reject with. */
export class SwitchboardError extends Error implements Failure {
  override readonly name = 'SwitchboardError'
  readonly code: FailureCode
  readonly field?: string
  readonly retry: boolean
  readonly state?: object

  constructor(failure: Failure) {
    super(failure.message)
    this.code = failure.code
    if (failure.field !== undefined) this.field = failure.field
    this.retry = failure.retry
    if (failure.state !== undefined) this.state = failure.state
  }
}

/** A failure as plain data, to be kept beside a message. */
export const plainFailure = ({ code, message, field, retry }: Failure): Failure =>
  field === undefined ? { code, message, retry } : { code, message, field, retry }

/** Numbers below 100 are the SDK's own: no answer came, which is no answer of the server. 1 is its time-out. */
const SDK_CODES_MAX = 99
const SDK_TIMEOUT = 1

const REFUSAL = /^([a-z_]+)(?: ([^:]*))?: ([\s\S]*)$/

/** Reads the error object of the Centrifuge protocol, `code name [field]: message`. */
export function fromProtocol(error: unknown): SwitchboardError {
  if (error instanceof SwitchboardError) return error
  const { code, message, temporary } = (error ?? {}) as { code?: number; message?: string; temporary?: boolean }
  if (typeof code !== 'number')
    return new SwitchboardError({ code: 'bad_answer', message: String(error), retry: false })
  if (code <= SDK_CODES_MAX) {
    const local = code === SDK_TIMEOUT ? 'timeout' : 'disconnected'
    return new SwitchboardError({ code: local, message: message ?? local, retry: true })
  }
  const parts = REFUSAL.exec(message ?? '')
  const retry = temporary === true
  if (!parts) return new SwitchboardError({ code: 'bad_answer', message: `${code} ${message}`, retry })
  const [, name, field, told = ''] = parts
  const { sentence, state } = withState(told)
  return new SwitchboardError({
    code: name as ErrorCode,
    message: sentence,
    ...(field === undefined ? {} : { field }),
    ...(state === undefined ? {} : { state }),
    retry,
  })
}

/** A state ends the message, as JSON on a line of its own. */
function withState(told: string): { sentence: string; state?: object } {
  const line = told.lastIndexOf('\n{')
  if (line === -1) return { sentence: told }
  try {
    return { sentence: told.slice(0, line), state: JSON.parse(told.slice(line + 1)) as object }
  } catch {
    return { sentence: told }
  }
}

/** Reads the body of an HTTP error, `{error: {code, message, field?, retry?}}`; anything else came from something in between. */
export function fromHttp(status: number, body: unknown): SwitchboardError {
  const error = (body as { error?: Partial<Failure> } | null)?.error
  if (typeof error?.code !== 'string') {
    const retry = status >= 500 || status === 429
    return new SwitchboardError({ code: 'bad_answer', message: `The server answered ${status}.`, retry })
  }
  return new SwitchboardError({
    code: error.code,
    message: error.message ?? error.code,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.state === undefined ? {} : { state: error.state }),
    retry: error.retry === true,
  })
}
