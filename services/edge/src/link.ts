import type { CloseName } from '@switchboard/contracts/close-codes'
import type { Transport } from './events.ts'

/** One connection to a client, whatever carries it. What is given to it goes out in order. */
export interface Link {
  readonly transport: Transport
  readonly address: string
  /** Sends a reply or a push. A client that does not read is cut when too much waits for it. */
  send(frame: Uint8Array): void
  /** The same, handed to the kernel at once, with what waits. */
  sendNow(frame: Uint8Array): void
  /** From here to `release` nothing is handed to the kernel, and then all of it together. */
  hold(): void
  release(): void
  /** Sends what may be lost: dropped when much waits. */
  signal(frame: Uint8Array): void
  /** Ends the connection and says why. Nothing is sent after it. */
  close(name: CloseName): void
  /** Bytes that wait in this process, and bytes that ever left it: a connection that moves neither is stuck. */
  readonly waitingBytes: number
  readonly sentBytes: number
}
