import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { FaultLine, resetSocket, type Target } from './fault-line.ts'
import type { Toxic } from './fault-toxic.ts'
import { freePort } from './ports.ts'

const HOST = '127.0.0.1'
const DIAL_MS_MAX = 5_000

export interface FaultProxyOptions {
  /** Several are taken in turn, those that refuse are passed over: so many pods behind one address. */
  readonly targets: readonly Target[]
  /** A free one when left out. */
  readonly port?: number
}

/** A TCP proxy in this process that can spoil what goes through it, as a whole or on the way to one of its targets. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** One for each target. */
  readonly lines: readonly FaultLine[]
  readonly open: number
  /** On all lines. */
  spoil(toxic: Toxic): void
  heal(): void
  reset(): void
}

export async function openFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const port = options.port ?? (await freePort(HOST))
  const dialing = new Set<Socket>()
  let isOpen = true
  let listener: Server | undefined
  // Nothing listens while all lines refuse: whoever connects then is refused by the system, as by a machine without a server.
  const settle = () => {
    const wanted = isOpen && lines.some(({ toxic }) => toxic?.kind !== 'refuse')
    if (wanted && listener === undefined) listener = listen(port, accept)
    if (wanted || listener === undefined) return
    listener.close()
    listener = undefined
  }
  const lines = options.targets.map((target) => new FaultLine(target, settle))
  let turn = 0
  const accept = (client: Socket) => {
    client.setNoDelay(true)
    client.on('error', () => {})
    dialing.add(client)
    const first = turn++
    const inTurn = lines.map((_, i) => lines[(first + i) % lines.length] as FaultLine)
    void dialFirst(inTurn).then((found) => {
      dialing.delete(client)
      if (found === undefined || client.destroyed) {
        if (found?.upstream) resetSocket(found.upstream)
        resetSocket(client)
      } else found.line.join(client, found.upstream)
    })
  }
  settle()
  if (listener) await once(listener, 'listening')
  return {
    host: HOST,
    port,
    lines,
    get open() {
      return lines.reduce((sum, line) => sum + line.open, 0)
    },
    spoil: (toxic) => {
      for (const line of lines) line.spoil(toxic)
    },
    heal: () => {
      for (const line of lines) line.heal()
    },
    reset: () => {
      for (const line of lines) line.reset()
    },
    [Symbol.asyncDispose]: async () => {
      isOpen = false
      settle()
      for (const socket of dialing) resetSocket(socket)
      for (const line of lines) line.reset()
    },
  }
}

function listen(port: number, accept: (client: Socket) => void): Server {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accept)
  server.listen({ host: HOST, port, exclusive: true })
  return server
}

interface Dialed {
  readonly line: FaultLine
  readonly upstream: Socket | undefined
}

async function dialFirst(lines: readonly FaultLine[]): Promise<Dialed | undefined> {
  for (const line of lines) {
    if (line.toxic?.kind === 'refuse') continue
    // Nobody would answer; the caller's own connect has succeeded already, so silence is what is left.
    if (line.toxic?.kind === 'blackhole' && line.toxic.direction === 'both') return { line, upstream: undefined }
    const upstream = await dial(line.target)
    if (upstream) return { line, upstream }
  }
  return undefined
}

function dial(target: Target): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true })
    socket.pause()
    const late = setTimeout(() => socket.destroy(), DIAL_MS_MAX)
    socket.once('connect', () => {
      clearTimeout(late)
      resolve(socket)
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(late)
      resolve(undefined)
    })
  })
}
