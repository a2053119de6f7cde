/**
 * channel    commands (JetStream, without waiting for its acknowledgement)
 * comes      validated commands, from connections and the API
 * goes       the router that owns the partition of the room or the desk
 * guarantee  at most once; the router's reply after its commit is the proof, no reply is a time-out
 * order      per partition, as sent
 * acked      by the reply
 */
import type { Bus } from '@switchboard/bus/connect'
import { encodeJson, publish } from '@switchboard/bus/core'
import { withTrace } from '@switchboard/bus/trace'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { EntityRef } from '@switchboard/contracts/records'
import type { EdgeEvents } from './events.ts'
import type { Requests } from './requests.ts'
import type { UnsentCommand } from './rpc.ts'

const RETRY = { after_ms: 1_000 }

export const toCommands =
  (bus: Bus, edge: string, { requests, events }: { requests: Requests; events: EdgeEvents }) =>
  ({ kind, id }: EntityRef, command: UnsentCommand): Promise<object | Refusal> => {
    // A short absence is waited for. In a long one nothing is sent, so the client knows that nothing was done.
    if (bus.nc.isClosed() || bus.awayMs > MAX.natsAwayMs) return Promise.resolve(refuse('unavailable', RETRY))
    if (requests.size >= MAX.repliesPending) return Promise.resolve(refuse('too_many_requests', RETRY))
    const { request, outcome } = requests.open()
    const payload = encodeJson({ ...command, reply: { edge, request } })
    publish(bus, bus.names.command(kind, id), payload, withTrace(bus.tracing?.active))
    events.commandSent()
    return outcome
  }
