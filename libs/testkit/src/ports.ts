import { createServer } from 'node:net'

// Below the ranges from which systems take the ports of outgoing connections (32768 on Linux, 49152 elsewhere), so that
// a port that was free a moment ago is not taken by a client of ours before the server listens on it.
const LOWEST = 15_000
const COUNT = 14_000
const ATTEMPTS_MAX = 200

const given = new Set<number>()

/** True when nothing listens on `host:port`, or the system's reason why it cannot be listened on (`EADDRINUSE` …). */
export function canListen(port: number, host = '127.0.0.1'): Promise<true | string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A TCP port of `host` on which nothing listens, never the same one twice in a process. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * COUNT)
    if (given.has(port)) continue
    given.add(port)
    if ((await canListen(port, host)) === true) return port
  }
  throw new Error(`no free port between ${LOWEST} and ${LOWEST + COUNT} on ${host}`)
}
