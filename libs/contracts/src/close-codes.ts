/**
 * Why a connection was closed. Ranges are those of the Centrifuge client protocol: 3000–3499 and 4000–4499 ask the client
 * to return by itself, 3500–3999 and 4500–4999 ask it to stay away.
 */
export const CLOSE = {
  shutdown: { code: 3001, reason: 'shutdown', meaning: 'This edge is going away; another one is there.' },
  internal: { code: 3004, reason: 'internal server error', meaning: 'A bug of ours; return.' },
  expired: { code: 3005, reason: 'connection expired', meaning: 'The token ran out and was not refreshed in time.' },
  slow: { code: 3008, reason: 'slow', meaning: 'More bytes waited than a connection may hold. Resume by offset.' },
  insufficient_state: {
    code: 3010,
    reason: 'insufficient state',
    meaning: 'A position is not of this log any more. Return; the room then says what to reload.',
  },
  no_pong: { code: 3012, reason: 'no pong', meaning: 'The client answered no ping.' },
  busy: { code: 3013, reason: 'too many requests', meaning: 'This edge takes no more connections now.' },
  // Whoever is slow returns, and backs off; on purpose nobody is kept away by a network, or by an edge that is late itself.
  stale: { code: 3014, reason: 'stale', meaning: 'No connect command in time.' },
  invalid_token: { code: 3500, reason: 'invalid token', meaning: 'The token is not ours, or malformed.' },
  bad_request: { code: 3501, reason: 'bad request', meaning: 'The frame is not of the protocol.' },
  revoked: { code: 3503, reason: 'force disconnect', meaning: 'An administrator closed this connection.' },
  connection_limit: { code: 3504, reason: 'connection limit', meaning: 'This user has too many connections.' },
  frame_too_large: { code: 3505, reason: 'frame too large', meaning: 'One frame was above its limit.' },
  flood: {
    code: 3506,
    reason: 'too many frames',
    meaning: 'More frames, pings or bytes came than any client of this protocol sends.',
  },
} as const

export type CloseName = keyof typeof CLOSE
