import { NatsConnectionImpl, setTransportFactory } from '@nats-io/nats-core/internal'
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js'

/**
 * Between two writes to the socket, at least. The profile of every service was led by the system call that the library makes
 * for each command; what goes out in this time goes out together.
 */
const GATHER_MS = 1
/** Past it nothing is gained by waiting. */
const GATHER_BYTES_MAX = 65_536

/** What a gatherer writes to, and its clock. */
export interface Outlet {
  readonly write: (frame: Uint8Array) => void
  readonly nowMs: () => number
  readonly soon: (flush: () => void) => void
  readonly later: (flush: () => void, ms: number) => void
}

/**
 * Gathers frames only while there is something to gather: one that comes after a pause is written when the event loop has been
 * through what it has in hand, and those that come close behind a write wait until `GATHER_MS` after it.
 */
export class Gatherer {
  readonly #outlet: Outlet
  #frames: Uint8Array[] = []
  #bytes = 0
  #writtenMs = Number.NEGATIVE_INFINITY

  constructor(outlet: Outlet) {
    this.#outlet = outlet
  }

  add(frame: Uint8Array): void {
    this.#frames.push(frame)
    this.#bytes += frame.byteLength
    if (this.#bytes >= GATHER_BYTES_MAX) this.flush()
    else if (this.#frames.length === 1) this.#schedule()
  }

  /** Writes what waits, now. */
  readonly flush = (): void => {
    const [first, ...rest] = this.#frames
    if (!first) return
    const gathered = rest.length === 0 ? first : Buffer.concat(this.#frames, this.#bytes)
    this.#frames = []
    this.#bytes = 0
    this.#writtenMs = this.#outlet.nowMs()
    this.#outlet.write(gathered)
  }

  #schedule(): void {
    const { nowMs, soon, later } = this.#outlet
    const sinceMs = nowMs() - this.#writtenMs
    if (sinceMs >= GATHER_MS) soon(this.flush)
    else later(this.flush, GATHER_MS)
  }
}

/** The library's own transport, which writes gathered. */
class GatheringTransport extends NodeTransport {
  readonly #gatherer = new Gatherer({
    write: (frame) => super.send(frame),
    nowMs: () => performance.now(),
    soon: (flush) => setImmediate(flush),
    later: (flush, ms) => setTimeout(flush, ms),
  })

  override send(frame: Uint8Array): void {
    this.#gatherer.add(frame)
  }

  override close(error?: Error): Promise<void> {
    this.#gatherer.flush()
    return super.close(error)
  }
}

/** As the library connects, with a transport that gathers. @NOTE It has no public way to name another transport. */
export function connectGathering(options: NodeConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new GatheringTransport(), dnsResolveFn: nodeResolveHost })
  return NatsConnectionImpl.connect(options)
}
