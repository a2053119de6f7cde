import { connect, type Socket } from 'node:net'
import { clientFrame, eachLine, FrameReader, type LineTaker, OPCODE } from './frames.ts'

const HEAD_END = '\r\n\r\n'
const HEAD_BYTES_MAX = 8_192
// Nobody checks it here: a server answers any key of 16 bytes.
const KEY = Buffer.alloc(16, 7).toString('base64')

export interface ClientOptions {
  readonly host: string
  readonly port: number
  readonly path: string
  /** The upgrade is done; frames may be sent. */
  readonly onOpen: () => void
  readonly onLine: LineTaker
  /** Undefined when this side ended it. */
  readonly onEnd: (reason: string | undefined) => void
}

/** A WebSocket client that does no more than it must. */
export class LoadClient {
  readonly #options: ClientOptions
  readonly #socket: Socket
  readonly #reader: FrameReader
  #head: Buffer | null = Buffer.alloc(0)
  #isEnded = false

  constructor(options: ClientOptions) {
    this.#options = options
    const { host, port, path, onLine } = options
    this.#reader = new FrameReader((opcode, payload) => {
      const { bytes, start, end } = payload
      if (opcode === OPCODE.text) eachLine(payload, onLine)
      else if (opcode === OPCODE.ping) this.#socket.write(clientFrame(bytes.subarray(start, end), OPCODE.pong))
      else if (opcode === OPCODE.close)
        this.#end(`closed with ${end > start + 1 ? bytes.readUInt16BE(start) : 'no code'}`)
    })
    this.#socket = connect({ host, port, noDelay: true }, () => this.#socket.write(upgrade(options)))
    this.#socket.on('data', (chunk: Buffer) => (this.#head ? this.#readHead(chunk) : this.#reader.push(chunk)))
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', () => this.#end(`lost (${path})`))
  }

  send(text: string): void {
    this.#socket.write(clientFrame(text))
  }

  /** Without a word, as when a machine is switched off. */
  end(): void {
    this.#end(undefined)
  }

  #end(reason: string | undefined): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#socket.destroy()
    this.#options.onEnd(reason)
  }

  #readHead(chunk: Buffer): void {
    const head = Buffer.concat([this.#head ?? Buffer.alloc(0), chunk])
    const end = head.indexOf(HEAD_END)
    if (end === -1) {
      this.#head = head
      if (head.length > HEAD_BYTES_MAX) this.#end('no answer to the upgrade')
      return
    }
    const status = head.toString('latin1', 'HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3)
    if (status !== '101') {
      this.#end(`refused with ${status}`)
      return
    }
    this.#head = null
    this.#options.onOpen()
    const rest = head.subarray(end + HEAD_END.length)
    if (rest.length > 0) this.#reader.push(rest)
  }
}

const upgrade = ({ host, port, path }: ClientOptions): string =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    '',
    '',
  ].join('\r\n')
