import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { within } from '@switchboard/runtime/deadline'

/** One delivery, as a customer's own server sees it. */
export interface Received {
  readonly path: string
  readonly id: string
  readonly timestamp: number
  readonly signature: string
  readonly raw: string
  readonly body: { readonly type: string; readonly desk: string; readonly conversation: string; readonly data: unknown }
  /** What it was answered with. */
  readonly status: number
}

/** Whether a delivery is of who has this secret: written by the specification, not by our own code. */
export function isSigned({ id, timestamp, raw, signature }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const right = createHmac('sha256', key).update(`${id}.${timestamp}.${raw}`).digest()
  return signature.split(' ').some((each) => {
    const [version, text = ''] = each.split(',')
    const given = Buffer.from(text, 'base64')
    return version === 'v1' && given.length === right.length && timingSafeEqual(given, right)
  })
}

/** A customer's own server that writes down what it is sent. */
export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string
  /** For `WEBHOOK_HOSTS`. */
  readonly host: string
  readonly all: readonly Received[]
  /** Answers of the next deliveries; 204 where none is left. */
  readonly answers: number[]
  /** Resolves with the first that is as wanted; looked at after each. */
  until(what: string, wanted: (received: Received) => boolean, msMax?: number): Promise<Received>
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

const WAIT_MS = 60_000

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const all: Received[] = []
  const answers: number[] = []
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const raw = await bodyOf(request)
    const header = (name: string) => String(request.headers[name] ?? '')
    const status = answers.shift() ?? 204
    all.push({
      path: request.url ?? '',
      id: header('webhook-id'),
      timestamp: Number(header('webhook-timestamp')),
      signature: header('webhook-signature'),
      raw,
      body: JSON.parse(raw),
      status,
    })
    response.writeHead(status).end()
    for (const look of waiting) look()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ url: `http://${host}`, host, all, answers },
    until: async (what, wanted, msMax = WAIT_MS) => {
      const { promise, resolve } = Promise.withResolvers<Received>()
      const look = () => {
        const found = all.find(wanted)
        if (found) resolve(found)
      }
      waiting.add(look)
      look()
      return within(msMax, promise, what).finally(() => waiting.delete(look))
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
