/** Names of the errors by which the NATS library, or our own deadline, says that the servers, not we, are the trouble. */
const NAMES: ReadonlySet<string> = new Set([
  'TimeoutError',
  'DeadlineError',
  'NoResponders',
  'NoRespondersError',
  'RequestError',
  'ConnectionError',
  'ClosedConnectionError',
  'DrainingConnectionError',
  'JetStreamError',
  'JetStreamApiError',
  'JetStreamStatusError',
  'JetStreamNotEnabled',
  'StreamNotFoundError',
  'ConsumerNotFoundError',
])

/** True for what may be gone in a second; anything else that is thrown is a bug of ours. */
export const isInfrastructure = (error: unknown): boolean => error instanceof Error && NAMES.has(error.name)

/** The server's code for a publish whose subject has another last sequence than it expected. */
export const WRONG_LAST_SEQUENCE = 10_071
/** Another write to the subject is under way in the cluster: whether it or this one counts is not decided yet. */
export const WRITE_UNDER_WAY = 10_164
