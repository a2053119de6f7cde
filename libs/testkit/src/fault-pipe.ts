import type { Socket } from 'node:net'
import type { Direction, Toxic } from './fault-toxic.ts'

/** What one direction holds back at most before it stops reading: a slow link must not become an endless buffer. */
export const HELD_BYTES_MAX = 4 * 1024 * 1024
const PIECES_PER_SECOND = 50

interface Piece {
  /** Undefined is the end of the stream, which waits its turn like bytes. */
  readonly bytes: Buffer | undefined
  readonly dueMs: number
}

export interface FaultPipeOptions {
  readonly from: Socket
  readonly to: Socket
  readonly direction: Exclude<Direction, 'both'>
  readonly toxic: Toxic | undefined
}

/** True when this toxic concerns this direction. */
export const isFor = (toxic: { readonly direction: Direction }, direction: Direction): boolean =>
  toxic.direction === 'both' || toxic.direction === direction

/** One direction of one connection. All bytes go through one queue in the order of their arrival, whatever the toxic. */
export class FaultPipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #direction: Exclude<Direction, 'both'>
  #toxic: Toxic | undefined
  #queue: Piece[] = []
  #heldBytes = 0
  #lastDueMs = 0
  #isBlocked = false
  #timer: NodeJS.Timeout | undefined
  #turn: NodeJS.Immediate | undefined
  #lost = false

  constructor({ from, to, direction, toxic }: FaultPipeOptions) {
    this.#from = from
    this.#to = to
    this.#direction = direction
    this.#toxic = toxic
    from.on('data', (bytes) => this.#take(bytes as Buffer))
    from.on('end', () => this.#take(undefined))
    to.on('drain', () => {
      this.#isBlocked = false
      this.#pump()
    })
    from.on('close', () => this.#to.destroyed && this.#stop())
    to.on('close', () => this.#stop())
  }

  /** Whether bytes, or the end, were swallowed: this connection can never be made good again. */
  get lost(): boolean {
    return this.#lost
  }

  get swallows(): boolean {
    return this.#toxic?.kind === 'blackhole' && isFor(this.#toxic, this.#direction)
  }

  /** Whether what arrives now waits for the end of the toxic. */
  get holds(): boolean {
    return this.#toxic?.kind === 'stall' && isFor(this.#toxic, this.#direction)
  }

  /** What waits already is due at once, before anything that comes later. */
  change(toxic: Toxic | undefined): void {
    this.#toxic = toxic
    this.#lastDueMs = 0
    if (this.swallows) {
      if (this.#queue.length > 0) this.#lost = true
      this.#queue = []
      this.#heldBytes = 0
    } else {
      const dueMs = this.holds ? Number.POSITIVE_INFINITY : 0
      this.#queue = this.#queue.map(({ bytes }) => ({ bytes, dueMs }))
      this.#lastDueMs = dueMs
    }
    this.#pump()
  }

  /** The source broke while nobody may hear of it. */
  breakOff(): void {
    this.#lost = true
  }

  #take(bytes: Buffer | undefined): void {
    if (this.swallows) {
      this.#lost = true
      return
    }
    for (const piece of this.#cut(bytes)) this.#queue.push({ bytes: piece, dueMs: this.#due(piece) })
    this.#heldBytes += bytes?.length ?? 0
    if (this.#timer === undefined && this.#turn === undefined) this.#pump()
    else this.#regulate()
  }

  #cut(bytes: Buffer | undefined): (Buffer | undefined)[] {
    const size = pieceSize(this.#toxic)
    if (bytes === undefined || bytes.length <= size) return [bytes]
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
    return pieces
  }

  #due(piece: Buffer | undefined): number {
    const now = performance.now()
    this.#lastDueMs = Math.max(this.#lastDueMs, this.#wish(now, piece?.length ?? 0))
    return this.#lastDueMs
  }

  #wish(now: number, length: number): number {
    const toxic = this.#toxic
    if (toxic?.kind === 'latency') return now + toxic.ms + Math.random() * toxic.jitterMs
    if (toxic?.kind === 'bandwidth') return Math.max(now, this.#lastDueMs) + (length * 1000) / toxic.bytesPerSecond
    return this.holds ? Number.POSITIVE_INFINITY : now
  }

  #pump(): void {
    this.#stop()
    while (!this.#isBlocked) {
      const piece = this.#queue[0]
      if (piece === undefined || piece.dueMs === Number.POSITIVE_INFINITY) break
      const waitMs = piece.dueMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMs))
        break
      }
      this.#queue.shift()
      this.#give(piece.bytes)
      // A turn of its own, so that the system sends it as a packet of its own.
      if (this.#toxic?.kind === 'slices' && this.#queue.length > 0) {
        this.#turn = setImmediate(() => this.#pump())
        break
      }
    }
    this.#regulate()
  }

  #give(bytes: Buffer | undefined): void {
    if (this.#to.destroyed) return
    if (bytes === undefined) {
      this.#to.end()
      return
    }
    this.#heldBytes -= bytes.length
    this.#isBlocked = !this.#to.write(bytes)
  }

  #regulate(): void {
    const isFull = this.#heldBytes >= HELD_BYTES_MAX
    if (this.#isBlocked || isFull) this.#from.pause()
    else if (this.#from.isPaused() && (this.#heldBytes < HELD_BYTES_MAX / 2 || this.swallows)) this.#from.resume()
  }

  #stop(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#turn)
    this.#timer = undefined
    this.#turn = undefined
  }
}

function pieceSize(toxic: Toxic | undefined): number {
  if (toxic?.kind === 'slices') return Math.max(1, toxic.bytes)
  if (toxic?.kind === 'bandwidth') return Math.max(1, Math.floor(toxic.bytesPerSecond / PIECES_PER_SECOND))
  return Number.POSITIVE_INFINITY
}
