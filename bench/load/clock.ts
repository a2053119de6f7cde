import type { Line } from './frames.ts'

const US_PER_SECOND = 1e6
const NS_PER_US = 1e3

/** Microseconds of the steady clock, which is the same for all processes of this machine. */
export function nowUs(): number {
  const [seconds, nanos] = process.hrtime()
  return Math.round(seconds * US_PER_SECOND + nanos / NS_PER_US)
}

const STAMP_DIGITS = 16
const MARK = '@@'
const mark = Buffer.from(MARK)

/** A text of this many characters that says when it was sent. */
export const stamped = (chars: number): string =>
  `${MARK}${String(nowUs()).padStart(STAMP_DIGITS, '0')} `.padEnd(chars, 'abcdefghi ')

/** How long ago a stamped text within these bytes was sent; NaN where none stands there. */
export function ageUs({ bytes, start, end }: Line): number {
  const at = bytes.indexOf(mark, start)
  if (at === -1 || at + mark.length + STAMP_DIGITS > end) return Number.NaN
  const first = at + mark.length
  return nowUs() - Number(bytes.toString('latin1', first, first + STAMP_DIGITS))
}
