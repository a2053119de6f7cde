import type { Pool } from 'undici'

/** From the call to its end, including the wait for a free stream. */
const EXCHANGE_MS_MAX = 30_000
/**
 * Between the last look whether a push was read and its way to the provider. One that waits longer behind others is given back, and
 * looked at again.
 */
export const pushStartMsMax = 2_000
/** The same for what is not shown to anybody, and may wait. */
const PLAIN_START_MS_MAX = 20_000

/** In how many milliseconds a push, or anything else, has to be on its way, and in how many it has to be answered. */
export const deadlinesOf = (what: 'push' | 'plain'): { startMsMax: number; endMsMax: number } => ({
  startMsMax: what === 'push' ? pushStartMsMax : PLAIN_START_MS_MAX,
  endMsMax: EXCHANGE_MS_MAX,
})

/**
 * The connection settings that passed the fault tests (test/transport-faults.test.ts). `ca` holds the PEMs to trust.
 * `headersMsMax` is how long a provider may take to start its answer.
 */
export function transportOptions(options: {
  readonly ca: readonly string[]
  readonly lookup?: unknown
  readonly headersMsMax?: number
}): Pool.Options {
  const silence = options.headersMsMax ?? 10_000
  return {
    connections: 2,
    allowH2: true,
    h2Options: { maxConcurrentStreams: 500, pingInterval: 60_000 },
    // Providers want connections kept; undici's default closes an idle one after four seconds.
    keepAliveTimeout: 60 * 60_000,
    keepAliveMaxTimeout: 60 * 60_000,
    headersTimeout: silence,
    bodyTimeout: silence,
    maxResponseSize: 64 * 1024,
    connect: {
      ca: [...options.ca],
      timeout: 5_000,
      ...(options.lookup === undefined ? {} : { lookup: options.lookup as never }),
    },
  }
}
