import { JetStreamApiError } from '@nats-io/jetstream'
import type { Logger } from '@switchboard/runtime/context'
import { pause } from '@switchboard/runtime/deadline'
import { isInfrastructure } from './infrastructure.ts'

/** Of a pod that starts: longer than an election and the restart of all nodes. */
export const START_MS_MAX = 60_000

const PAUSE_MS = 250
const UNAVAILABLE = 503
const NO_PEERS_YET = 10_005

/** True for what passes when the cluster has a leader and its nodes are back; a refusal of what was asked for does not. */
const mayPass = (error: unknown): boolean =>
  error instanceof JetStreamApiError
    ? error.status === UNAVAILABLE || error.code === NO_PEERS_YET
    : isInfrastructure(error)

/**
 * Does it again while JetStream has no leader or answers too late: a pod that starts during an election waits for its end. For
 * what may be done twice only. @throws the last error after `msMax`, and every other one at once.
 */
export async function patiently<T>(act: () => Promise<T>, options: { msMax: number; log: Logger }): Promise<T> {
  const until = performance.now() + options.msMax
  let said = ''
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!mayPass(error) || performance.now() > until) throw error
      // Once for each reason: four lines a second would bury it.
      if (said !== String(error)) options.log.warn({ error: String(error) }, 'JetStream is not ready yet')
      said = String(error)
      await pause(PAUSE_MS)
    }
  }
}
