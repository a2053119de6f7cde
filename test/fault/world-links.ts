import type { FaultLine } from '@switchboard/testkit/fault-line'
import { type FaultProxy, openFaultProxy } from '@switchboard/testkit/fault-proxy'
import type { Link } from './world-shape.ts'

/** All proxies of a world, and the links that they make up. */
export class WorldLinks implements AsyncDisposable {
  readonly all: Link[] = []
  readonly #proxies = new AsyncDisposableStack()

  /** A link of which each address is a proxy before one of these. */
  async to(name: string, urls: readonly string[]): Promise<readonly string[]> {
    const proxies: FaultProxy[] = []
    for (const url of urls) proxies.push(await this.#open([url]))
    this.add(
      name,
      proxies.flatMap((proxy) => proxy.lines),
    )
    return urls.map((url, i) => withPort(url, (proxies[i] as FaultProxy).port))
  }

  /** One address before all of these, in turn; a link for each. */
  async inTurn(names: readonly string[], urls: readonly string[]): Promise<string> {
    const proxy = await this.#open(urls)
    for (const [i, line] of proxy.lines.entries()) this.add(names[i] ?? '', [line])
    return withPort(urls[0] ?? '', proxy.port)
  }

  add(name: string, lines: readonly FaultLine[]): void {
    const each = (act: (line: FaultLine) => void) => {
      for (const line of lines) act(line)
    }
    this.all.push({
      name,
      spoil: (toxic) => each((line) => line.spoil(toxic)),
      heal: () => each((line) => line.heal()),
      reset: () => each((line) => line.reset()),
      get open() {
        return lines.reduce((sum, line) => sum + line.open, 0)
      },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxies.disposeAsync()
  }

  async #open(urls: readonly string[]): Promise<FaultProxy> {
    const targets = urls.map((url) => ({ host: '127.0.0.1', port: Number(new URL(url).port) }))
    return this.#proxies.use(await openFaultProxy({ targets }))
  }
}

// Certificates name the address and not the port, so the way through a proxy is good for TLS as well.
function withPort(url: string, port: number): string {
  const through = new URL(url)
  through.port = String(port)
  return url.endsWith('/') || through.search ? through.href : through.href.replace(/\/$/, '')
}
