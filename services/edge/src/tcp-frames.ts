/** Cuts a byte stream into frames: four bytes, big-endian, say how long each is. */
export class TcpFrames {
  readonly #bytesMax: number
  #rest: Buffer = Buffer.alloc(0)

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** @returns the frames that are complete now, or null when one is announced that is longer than its limit. */
  push(chunk: Buffer): Buffer[] | null {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    while (rest.length >= HEADER_BYTES) {
      const length = rest.readUInt32BE(0)
      if (length > this.#bytesMax) return null
      if (rest.length < HEADER_BYTES + length) break
      frames.push(rest.subarray(HEADER_BYTES, HEADER_BYTES + length))
      rest = rest.subarray(HEADER_BYTES + length)
    }
    // A copy, so that a few bytes do not keep the whole chunk.
    this.#rest = Buffer.from(rest)
    return frames
  }
}

const HEADER_BYTES = 4

/** The four bytes before a frame. */
export function frameHeader(frame: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32BE(frame.byteLength, 0)
  return header
}
