import type { Socket } from 'node:net'
import { FaultPipe } from './fault-pipe.ts'
import type { Toxic } from './fault-toxic.ts'

export interface Target {
  readonly host: string
  readonly port: number
}

/** The way of a proxy to one target: the toxic, and the connections that it is on. */
export class FaultLine {
  readonly target: Target
  readonly #connections = new Set<FaultConnection>()
  readonly #changed: () => void
  #toxic: Toxic | undefined

  constructor(target: Target, changed: () => void) {
    this.target = target
    this.#changed = changed
  }

  get toxic(): Toxic | undefined {
    return this.#toxic
  }

  get open(): number {
    return this.#connections.size
  }

  /** Puts a toxic on what is open and what will be opened, in the place of the one before. */
  spoil(toxic: Toxic): void {
    this.#change(toxic)
  }

  heal(): void {
    this.#change(undefined)
  }

  /** RST to both sides of every open connection. */
  reset(): void {
    for (const connection of [...this.#connections]) connection.reset()
  }

  /** A connection whose other side is `upstream`, or nobody while a dead machine is played. */
  join(client: Socket, upstream: Socket | undefined): void {
    const connection = new FaultConnection({ client, upstream, toxic: this.#toxic })
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
  }

  #change(toxic: Toxic | undefined): void {
    this.#toxic = toxic
    for (const connection of [...this.#connections]) connection.change(toxic)
    this.#changed()
  }
}

interface ConnectionOptions {
  readonly client: Socket
  readonly upstream: Socket | undefined
  readonly toxic: Toxic | undefined
}

class FaultConnection {
  readonly closed: Promise<void>
  readonly #sockets: readonly Socket[]
  readonly #pipes: readonly FaultPipe[]
  readonly #isDead: boolean

  constructor({ client, upstream, toxic }: ConnectionOptions) {
    this.#isDead = upstream === undefined
    if (upstream === undefined) {
      this.#sockets = [client]
      this.#pipes = []
      client.on('error', () => {})
    } else {
      this.#sockets = [client, upstream]
      const up = new FaultPipe({ from: client, to: upstream, direction: 'up', toxic })
      const down = new FaultPipe({ from: upstream, to: client, direction: 'down', toxic })
      this.#pipes = [up, down]
      passOnErrors(client, upstream, up)
      passOnErrors(upstream, client, down)
      upstream.resume()
    }
    client.resume()
    this.closed = Promise.all(this.#sockets.map(untilClosed)).then(() => {})
  }

  change(toxic: Toxic | undefined): void {
    const losing = toxic?.kind === 'blackhole'
    for (const pipe of this.#pipes) pipe.change(toxic)
    if (this.#isDead ? !losing : this.#pipes.some((pipe) => pipe.lost && !pipe.swallows)) this.reset()
  }

  reset(): void {
    for (const socket of this.#sockets) resetSocket(socket)
  }
}

// What broke on one side is told to the other, unless the news would have to travel through the hole.
function passOnErrors(from: Socket, to: Socket, pipe: FaultPipe): void {
  from.on('error', () => {
    if (pipe.swallows || pipe.holds) pipe.breakOff()
    else resetSocket(to)
  })
}

const untilClosed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))

/**
 * RST, whatever was still to be sent. @NOTE While its end is on the way the kernel's socket cannot be reset: Node then says EINVAL,
 * never closes it, and a process that has such a socket spins for ever when it ends.
 */
export function resetSocket(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
  // An unfinished connect would put the reset off until it is made.
  if (socket.connecting) socket.destroy()
  else if (isEnding) setImmediate(() => resetSocket(socket))
  else if (!socket.destroyed) socket.resetAndDestroy()
}
