/** One refusal: the number that the Centrifuge protocol carries, the HTTP status, and whether the same command may be sent again. */
export interface ErrorRow {
  readonly number: number
  readonly http: number
  readonly retry: boolean
  readonly meaning: string
}

const row = (number: number, http: number, retry: boolean, meaning: string): ErrorRow => ({
  number,
  http,
  retry,
  meaning,
})

/** The closed table of expected refusals. Numbers below 400 are those of the Centrifuge client protocol; ours start at 400. */
export const ERRORS = {
  internal: row(100, 500, true, 'Something failed on our side. Send the same command again.'),
  unauthorized: row(101, 401, false, 'No token, or one that is not ours.'),
  unknown_channel: row(102, 404, false, 'No such channel.'),
  permission_denied: row(103, 403, false, 'Not allowed to do this here.'),
  method_not_found: row(104, 404, false, 'No such method.'),
  already_subscribed: row(105, 409, false, 'This connection has this channel already.'),
  limit_exceeded: row(106, 429, false, 'More than this connection, user or room may have.'),
  bad_request: row(107, 400, false, 'The named field is missing or wrong.'),
  not_available: row(108, 404, false, 'This channel does not offer this.'),
  token_expired: row(109, 401, false, 'The token is past its time. Fetch a new one.'),
  too_many_requests: row(111, 429, true, 'Slower, please.'),
  unrecoverable_position: row(112, 409, false, 'The position is too old to recover from. Reload this room.'),
  not_a_member: row(400, 403, false, 'Not a member of this room, or no such room.'),
  not_found: row(401, 404, false, 'The named thing does not exist.'),
  too_large: row(402, 413, false, 'The named field or frame is longer than its limit.'),
  cid_conflict: row(403, 409, false, 'This cid was used for another command.'),
  already_member: row(404, 409, false, 'The user is a member already.'),
  conflict: row(405, 409, false, 'The state has changed since it was read.'),
  timeout: row(406, 504, true, 'No answer in time. It may have been done: send it again with the same cid.'),
  unavailable: row(407, 503, true, 'A part of the service is away. Send the same command again.'),
  user_taken: row(408, 409, false, 'An account with this name exists.'),
  bad_credentials: row(409, 401, false, 'Unknown user or wrong password.'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** A refusal is a value, not an exception: it goes back to whoever asked. Shape shared by HTTP, RPC and the replies between services. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly field?: string
  readonly after_ms?: number
  /** Of a `conflict`: how things stand by now, so that whoever is refused need not ask. */
  readonly state?: object
}

/** Builds a refusal with the table's own sentence, or a nearer one. */
export function refuse(code: ErrorCode, detail: Partial<Omit<Refusal, 'code'>> = {}): Refusal {
  return { code, ...detail, message: detail.message ?? ERRORS[code].meaning }
}

/** True for a refusal, false for whatever success looks like: no result of ours has both `code` and `message`. */
export function isRefusal(value: unknown): value is Refusal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    'message' in value &&
    (value.code as string) in ERRORS
  )
}

/** The body of an HTTP error. */
export function httpError(refusal: Refusal): { error: Refusal & { retry?: true } } {
  return { error: ERRORS[refusal.code].retry ? { ...refusal, retry: true } : refusal }
}

/**
 * The error object of the Centrifuge protocol; the message starts with our name of the code and of the field. It has no place for
 * more, so a state ends the message, as JSON on a line of its own.
 */
export function protocolError(refusal: Refusal): { code: number; message: string; temporary?: true } {
  const { number, retry } = ERRORS[refusal.code]
  const state = refusal.state === undefined ? '' : `\n${JSON.stringify(refusal.state)}`
  const message = `${refusal.code}${refusal.field === undefined ? '' : ` ${refusal.field}`}: ${refusal.message}${state}`
  return retry ? { code: number, message, temporary: true } : { code: number, message }
}
