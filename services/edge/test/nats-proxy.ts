import { connect as connectTcp, createServer, type Socket } from 'node:net'

/** A wire to NATS that can be cut and joined again. */
export async function proxyTo(url: string) {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) return near.destroy()
    const far = connectTcp(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    cut,
    join: () => {
      isCut = false
    },
    [Symbol.dispose]: () => {
      cut()
      server.close()
    },
  }
}
