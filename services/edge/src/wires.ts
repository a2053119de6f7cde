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
export function websocketWire(websocket: WebSocket, socket: Socket, address: string): Wire {
  const frames = websocket.protocol === PROTOBUF_SUBPROTOCOL ? FRAMES.binary : FRAMES.text
  return {
    transport: 'websocket',
    address,
    write: (frame) => {
      // After the close frame of either side nothing may follow.
      if (websocket.readyState === websocket.OPEN) socket.write(frames.of(frame))
    },
    cork: () => socket.cork(),
    uncork: () => socket.uncork(),
    close: (code, reason) => websocket.close(code, reason),
    shun: (code, reason) => {
      websocket.close(code, reason)
      websocket.pause()
    },
    terminate: () => websocket.terminate(),
    get waitingBytes() {
      return websocket.bufferedAmount
    },
    get sentBytes() {
      return socket.bytesWritten - socket.writableLength
    },
  }
}

/** A TCP connection with length-prefixed frames. Why it ends is said in a last frame. */
export function tcpWire(socket: Socket): Wire {
  const write = (frame: Uint8Array) => {
    socket.write(frameHeader(frame))
    socket.write(frame)
  }
  const close = (code: number, reason: string) => {
    write(Buffer.from(JSON.stringify({ push: { disconnect: { code, reason } } })))
    socket.end()
    socket.setTimeout(TCP_END_MS, () => socket.destroy())
  }
  return {
    transport: 'tcp',
    address: socket.remoteAddress ?? '',
    write,
    cork: () => socket.cork(),
    uncork: () => socket.uncork(),
    close,
    shun: (code, reason) => {
      close(code, reason)
      socket.pause()
    },
    terminate: () => socket.destroy(),
    get waitingBytes() {
      return socket.writableLength
    },
    get sentBytes() {
      return socket.bytesWritten - socket.writableLength
    },
  }
}
