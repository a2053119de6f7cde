import type { Refusal } from '@switchboard/contracts/errors'
import type { CommandResults, Publication, Push, RawCommand, RepliedCommand } from '@switchboard/contracts/protocol'

export type Format = 'json' | 'protobuf'

/** Stands where `data` of a Protobuf command was no JSON: the command is refused by this field, the connection lives. */
export const NOT_JSON = Symbol('not JSON')

/** One encoding of the client protocol. Each encoded piece can be sent alone or after another in one frame, see `joined`. */
export interface Codec {
  readonly format: Format
  /** The server's ping: an empty reply. */
  readonly ping: Uint8Array
  /** @returns the commands of one frame, or null if it is not of the protocol. */
  decode(frame: Uint8Array): RawCommand[] | null
  reply<Name extends RepliedCommand>(id: number, name: Name, result: CommandResults[Name]): Uint8Array
  error(id: number, refusal: Refusal): Uint8Array
  push(push: Push): Uint8Array
  /** Publications as pushes of one channel. At least one. */
  publications(channel: string, publications: readonly Publication[]): Uint8Array
  /** A log entry whose first event is number `first`, out of the bytes that the router wrote. */
  entry(channel: string, first: number, payload: Uint8Array): Uint8Array
  /** Signals, one a line, out of the bytes that their sender wrote. */
  signals(channel: string, payload: Uint8Array): Uint8Array
}
