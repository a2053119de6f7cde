/** The providers of a push bench, in a process of their own: what they cost is nobody's figure. */
import { type PushServers, startPushServers } from '@switchboard/testkit/push-servers'
import { serveParent } from '../load/worker.ts'

/** A request as it came, to be sent again by the limit. */
export interface Captured {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

let servers: PushServers | undefined
const shown = new Set<string>()
let twice = 0

export const methods = {
  start: async () => {
    servers = await startPushServers({
      onPush: ({ target, body }) => {
        const key = `${target} ${body}`
        if (shown.has(key)) twice += 1
        shown.add(key)
      },
    })
    const { target } = servers.device.apns()
    return { settings: { ...servers.settings }, url: servers.apns.url, target }
  },
  /** What has come: requests, different pushes, those that came again, and refusals among the newest. */
  received: () => {
    const { all, count } = servers?.apns.received ?? { all: [], count: () => 0 }
    return { requests: count(), shown: shown.size, twice, refused: all.filter(({ status }) => status !== 200).length }
  },
  forget: () => {
    shown.clear()
    twice = 0
  },
  captured: (count: number): Captured[] =>
    (servers?.apns.received.all ?? []).slice(-count).map(({ path, headers, body }) => ({
      path,
      headers: Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) =>
          name.startsWith(':') || typeof value !== 'string' ? [] : [[name, value]],
        ),
      ),
      body: new Uint8Array(body),
    })),
}

serveParent(methods)
