import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { within } from '@switchboard/runtime/deadline'
import { WAIT_MS } from './edge-fixture.ts'

export const OPCODE = { more: 0, text: 1, binary: 2, close: 8, ping: 9 } as const

const FIN = 0x80
const RSV1 = 0x40
const MASKED = 0x80

/** A frame as a client sends it, masked with zeros so that the payload stays as it is. */
export function frame(
  opcode: number,
  payload: string | Buffer = '',
  options: { fin?: boolean; compressed?: boolean; masked?: boolean } = {},
): Buffer {
  const { fin = true, compressed = false, masked = true } = options
  const body = Buffer.from(payload)
  const first = opcode | (fin ? FIN : 0) | (compressed ? RSV1 : 0)
  const mask = masked ? MASKED : 0
  const length =
    body.length < 126
      ? Buffer.from([first, mask | body.length])
      : Buffer.from([first, mask | 126, body.length >> 8, body.length & 255])
  return Buffer.concat([length, ...(masked ? [Buffer.alloc(4)] : []), body])
}

/** The bytes of an upgrade. */
export const upgrade = (headers: Readonly<Record<string, string>> = {}): string =>
  [
    'GET /connection/websocket HTTP/1.1',
    'Host: edge',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n')

/** A TCP connection that may do what no WebSocket library would. */
export class RawSocket implements Disposable {
  readonly socket: Socket
  received: Buffer = Buffer.alloc(0)
  isClosed = false
  readonly #waiting = new Set<() => void>()

  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    this.socket.on('error', () => {})
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk])
      this.#wake()
    })
    this.socket.on('drain', () => this.#wake())
    for (const event of ['end', 'close'] as const) {
      this.socket.on(event, () => {
        this.isClosed = true
        this.#wake()
      })
    }
  }

  /** An open WebSocket, or the status of the refusal in `status`. */
  static async upgraded(url: string, headers?: Readonly<Record<string, string>>): Promise<RawSocket> {
    const raw = new RawSocket(url)
    raw.write(upgrade(headers))
    await raw.until('an answer to the upgrade', () => raw.received.includes('\r\n\r\n'))
    return raw
  }

  get status(): number {
    return Number(this.received.subarray(9, 12).toString())
  }

  /** The code of the close frame that came, or undefined. Servers' frames here are short and unmasked. */
  get closeCode(): number | undefined {
    const at = this.received.lastIndexOf(FIN | OPCODE.close)
    return at < 0 || this.received.length < at + 4 ? undefined : this.received.readUInt16BE(at + 2)
  }

  write(bytes: Buffer | string): boolean {
    return !this.socket.destroyed && this.socket.writable && this.socket.write(bytes)
  }

  async until(what: string, is: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (is()) resolve()
    }
    this.#waiting.add(look)
    look()
    try {
      await within(WAIT_MS, promise, what)
    } finally {
      this.#waiting.delete(look)
    }
  }

  ended(): Promise<void> {
    return this.until('the end', () => this.isClosed)
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }
}
