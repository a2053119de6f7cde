import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { DeadlineError } from '@switchboard/runtime/deadline'
import { UnusableError } from '@switchboard/runtime/unusable'
import { isInfrastructure } from './infrastructure.ts'
import type { Servers } from './servers.ts'

/** Message schedules, markers of expired keys and fast batches: an older one refuses streams that we need. */
const OLDEST = [2, 14] as const
const AUTHORIZATION = /Authorization|Authentication|Permission|nonce|credentials/i

/** Why no connection comes about, in a sentence. */
export const whyNotConnected = ({ servers }: Servers, error: unknown): string =>
  `NATS at ${servers.join(', ')} ${refusal(error)}`

function refusal(error: unknown): string {
  if (error instanceof DeadlineError || !(error instanceof Error)) return 'does not answer'
  const reasons = [error, error.cause].flatMap((one) => (one instanceof Error ? [one] : []))
  if (reasons.some(({ name, message }) => AUTHORIZATION.test(name) || AUTHORIZATION.test(message)))
    return 'does not let us in: the user, password or token in NATS_URL is wrong or missing'
  const said = reasons.map(({ message }) => message).filter((message) => message !== '')
  return `cannot be reached: ${said.at(-1) ?? error.name}`
}

export const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

/** @throws UnusableError with what is to be changed, when this server can never do what we need. */
export async function checkUsable(nc: NatsConnection, jsm: JetStreamManager): Promise<void> {
  const { version = '0.0', jetstream = false } = nc.info ?? {}
  const where = `NATS at ${nc.getServer()}`
  if (!isNewEnough(version)) throw new UnusableError(`${where} is ${version}: ${OLDEST.join('.')} or newer is needed`)
  // A node without JetStream may still lead to others that have it.
  if (!jetstream && (await isOff(jsm)))
    throw new UnusableError(
      `${where} has JetStream switched off: start it with -js, or set jetstream in its configuration`,
    )
}

async function isOff(jsm: JetStreamManager): Promise<boolean> {
  try {
    await jsm.getAccountInfo()
    return false
  } catch (error) {
    if (isInfrastructure(error) || error instanceof JetStreamApiError) return true
    throw error
  }
}
