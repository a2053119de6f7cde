/**
 * channel    commands (JetStream, without waiting for its acknowledgement)
 * comes      validated commands, from connections and the API
 * goes       the router that owns the room's partition
 * guarantee  at most once; the router's reply after its commit is the proof, no reply is a time-out
 * order      per partition, as sent
 * acked      by the reply
 */
import type { Bus } from '@switchboard/bus/connect'
import { encodeJson, publish } from '@switchboard/bus/core'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import type { EdgeEvents } from './events.ts'
import type { Requests } from './requests.ts'
import type { UnsentCommand } from './rpc.ts'

export const toCommands =
  (bus: Bus, edge: string, { requests, events }: { requests: Requests; events: EdgeEvents }) =>
  (room: string, command: UnsentCommand): Promise<object | Refusal> => {
    if (bus.nc.isClosed()) return Promise.resolve(refuse('unavailable'))
    const { request, outcome } = requests.open()
    publish(bus, bus.names.command('room', room), encodeJson({ ...command, reply: { edge, request } }))
    events.commandSent()
    return outcome
  }
