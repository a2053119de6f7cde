const FIN = 0x80
const OPCODE = { text: 0x1, binary: 0x2 } as const
/** Lengths above these are written in two and in eight bytes more (RFC 6455, section 5.2). */
const ONE_BYTE_MAX = 125
const TWO_BYTES_MAX = 0xff_ff

export type MessageKind = keyof typeof OPCODE

/** A whole message as a server sends it: one frame, unmasked, its header and payload in one piece. */
export function messageFrame(kind: MessageKind, payload: Uint8Array): Buffer {
  const { byteLength } = payload
  const headerBytes = byteLength <= ONE_BYTE_MAX ? 2 : byteLength <= TWO_BYTES_MAX ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + byteLength)
  frame[0] = FIN | OPCODE[kind]
  if (headerBytes === 2) frame[1] = byteLength
  else if (headerBytes === 4) {
    frame[1] = 126
    frame.writeUInt16BE(byteLength, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(byteLength), 2)
  }
  frame.set(payload, headerBytes)
  return frame
}

/**
 * Frames of one kind. What goes to a room comes here once for each of its sockets, one after the other, and is framed for the first.
 */
export class MessageFrames {
  readonly #kind: MessageKind
  #payload: Uint8Array | undefined
  #frame: Buffer = Buffer.alloc(0)

  constructor(kind: MessageKind) {
    this.#kind = kind
  }

  of(payload: Uint8Array): Buffer {
    if (payload !== this.#payload) {
      this.#frame = messageFrame(this.#kind, payload)
      this.#payload = payload
    }
    return this.#frame
  }
}
