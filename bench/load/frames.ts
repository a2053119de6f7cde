/**
 * As much of RFC 6455 as the load needs. By hand, so that the load costs little beside what it measures: nothing is copied, and the
 * mask is zero, which the protocol allows.
 */

export const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const
const FINAL = 0x80
const MASKED = 0x80

/** One whole frame of a client. */
export function clientFrame(payload: string | Uint8Array, opcode: number = OPCODE.text): Buffer {
  const bytes = Buffer.from(payload as string)
  const { length } = bytes
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.allocUnsafe(2 + extended + 4 + length)
  frame[0] = FINAL | opcode
  frame[1] = MASKED | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) frame.writeUInt16BE(length, 2)
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.fill(0, 2 + extended, 6 + extended)
  bytes.copy(frame, 6 + extended)
  return frame
}

export type OnFrame = (opcode: number, payload: Line) => void

/** Cuts what a server sends into frames, wherever the network cut it. Servers here send no fragments and no masks. */
export class FrameReader {
  readonly #onFrame: OnFrame
  #rest: Buffer | null = null

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    let at = 0
    for (;;) {
      const start = payloadStart(bytes, at)
      const end = start === -1 ? -1 : start + payloadLength(bytes, at)
      if (end === -1 || end > bytes.length) break
      this.#onFrame((bytes[at] ?? 0) & 0x0f, { bytes, start, end })
      at = end
    }
    this.#rest = at === bytes.length ? null : bytes.subarray(at)
  }
}

/** Where the payload of the frame at `at` begins, or -1 while its head is not all there. */
function payloadStart(bytes: Buffer, at: number): number {
  if (bytes.length < at + 2) return -1
  const length = (bytes[at + 1] ?? 0) & 0x7f
  const start = at + 2 + (length < 126 ? 0 : length === 126 ? 2 : 8)
  return start > bytes.length ? -1 : start
}

function payloadLength(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] ?? 0) & 0x7f
  if (length < 126) return length
  return length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}

const NEWLINE = 10

/** A part of what came over the network, not copied. */
export interface Line {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}
export type LineTaker = (line: Line) => void

export const textOf = ({ bytes, start, end }: Line): string => bytes.toString('utf8', start, end)

/** Each line of a frame: the protocol may put several into one. */
export function eachLine({ bytes, start, end }: Line, take: LineTaker): void {
  let from = start
  for (let next = bytes.indexOf(NEWLINE, from); next !== -1 && next < end; next = bytes.indexOf(NEWLINE, from)) {
    take({ bytes, start: from, end: next })
    from = next + 1
  }
  take({ bytes, start: from, end })
}

const ZERO = 48
const NINE = 57

/** The number whose first digit stands at `at`. */
export function numberAt(bytes: Buffer, at: number): number {
  let value = 0
  for (let i = at; ; i += 1) {
    const byte = bytes[i] ?? 0
    if (byte < ZERO || byte > NINE) return value
    value = value * 10 + byte - ZERO
  }
}

const CLOSERS = new Set([93, 125])
const OFFSET_KEY = Buffer.from('"offset":')

/** The offset at the end of a publication, before what it closes; -1 where there is none, which is a signal. */
export function offsetAtEnd({ bytes, start, end }: Line): number {
  let last = end - 1
  while (last > start && CLOSERS.has(bytes[last] ?? 0)) last -= 1
  let first = last + 1
  while (first > start && (bytes[first - 1] ?? 0) >= ZERO && (bytes[first - 1] ?? 0) <= NINE) first -= 1
  const key = first - OFFSET_KEY.length
  if (first > last || key < start || OFFSET_KEY.compare(bytes, key, first) !== 0) return -1
  return numberAt(bytes, first)
}
