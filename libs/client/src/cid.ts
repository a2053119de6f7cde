import type { Clock } from './clock.ts'

const COUNTER_MAX = 0xfff

/**
 * Ids for commands: UUIDv7 (RFC 9562), increasing even within one millisecond and when the clock steps back, so that the
 * order of an outbox is the order of its ids.
 */
export function cidSource(clock: Pick<Clock, 'now' | 'bytes'>): () => string {
  let last = 0
  let counter = 0
  return () => {
    const now = clock.now()
    if (now > last) {
      last = now
      counter = 0
    } else if (counter < COUNTER_MAX) {
      counter++
    } else {
      last++
      counter = 0
    }
    return uuid(last, counter, clock.bytes(8))
  }
}

function uuid(at: number, counter: number, random: Uint8Array): string {
  const time = at.toString(16).padStart(12, '0')
  const step = counter.toString(16).padStart(3, '0')
  const tail = [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const variant = (((random[0] ?? 0) & 0x3f) | 0x80).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${step}-${variant}${tail.slice(2, 4)}-${tail.slice(4)}`
}
