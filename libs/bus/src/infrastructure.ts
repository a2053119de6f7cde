/** Names of the errors by which the NATS library says that the servers, not we, are the trouble. */
const NAMES: ReadonlySet<string> = new Set([
  'TimeoutError',
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
