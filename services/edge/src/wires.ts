import type { Socket } from 'node:net'
import { PROTOBUF_SUBPROTOCOL } from '@switchboard/contracts/protocol'
import type { WebSocket } from 'ws'
import { frameHeader } from './tcp-frames.ts'
import type { Wire } from './to-downlink.ts'
import { MessageFrames } from './websocket-frames.ts'

/** After the last word a TCP client has so long to hang up. */
const TCP_END_MS = 5_000

/** The kernel looks whether a silent peer is still there, should our own pings ever fail to. */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 }

const FRAMES = { text: new MessageFrames('text'), binary: new MessageFrames('binary') }

/**
 * A WebSocket. `socket` is the TCP connection under it: corking it is what gathers the frames of one flush into one system call.
 * @NOTE Frames are written past the library, which makes a header for each socket of a room and hands over two pieces. Without
 * compression it holds nothing back, so they keep their order beside the pings and closes that it writes itself.
 */
export class WebSocketWire implements Wire {
  readonly transport = 'websocket'
  readonly address: string
  readonly #websocket: WebSocket
  readonly #socket: Socket
  readonly #frames: MessageFrames

  constructor(websocket: WebSocket, socket: Socket, address: string) {
    this.address = address
    this.#websocket = websocket
    this.#socket = socket
    this.#frames = websocket.protocol === PROTOBUF_SUBPROTOCOL ? FRAMES.binary : FRAMES.text
  }

  get waitingBytes(): number {
    return this.#websocket.bufferedAmount
  }
  get sentBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength
  }

  write(frame: Uint8Array): void {
    // After the close frame of either side nothing may follow.
    if (this.#websocket.readyState === this.#websocket.OPEN) this.#socket.write(this.#frames.of(frame))
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  close(code: number, reason: string): void {
    this.#websocket.close(code, reason)
  }

  shun(code: number, reason: string): void {
    this.close(code, reason)
    this.#websocket.pause()
  }

  terminate(): void {
    this.#websocket.terminate()
  }
}

/** A TCP connection with length-prefixed frames. Why it ends is said in a last frame. */
export class TcpWire implements Wire {
  readonly transport = 'tcp'
  readonly address: string
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.address = socket.remoteAddress ?? ''
    this.#socket = socket
  }

  get waitingBytes(): number {
    return this.#socket.writableLength
  }
  get sentBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength
  }

  write(frame: Uint8Array): void {
    this.#socket.write(frameHeader(frame))
    this.#socket.write(frame)
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  close(code: number, reason: string): void {
    this.write(Buffer.from(JSON.stringify({ push: { disconnect: { code, reason } } })))
    this.#socket.end()
    this.#socket.setTimeout(TCP_END_MS, () => this.#socket.destroy())
  }

  shun(code: number, reason: string): void {
    this.close(code, reason)
    this.#socket.pause()
  }

  terminate(): void {
    this.#socket.destroy()
  }
}
