// Control characters (newlines become spaces first), direction overrides and marks that could make a notification read
// as something else than it is, and the byte order mark.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g
const SPACES = /[\t\n\v\f\r\u0085\u2028\u2029 ]+/g
const ELLIPSIS = '…'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** One line of plain text: nothing that a phone could take for layout, direction or half a character. */
export function plainLine(text: string): string {
  return text.toWellFormed().replace(SPACES, ' ').replace(UNSAFE, '').trim()
}

/**
 * The longest beginning of `text`, cut between graphemes and ended with an ellipsis, for which `bytesOf` stays within
 * `bytesMax`; all of it when it fits, empty when nothing does. `bytesOf` must grow with its argument.
 */
export function fitText(text: string, bytesMax: number, bytesOf: (text: string) => number): string {
  if (text.length <= bytesMax && bytesOf(text) <= bytesMax) return text
  // Every UTF-16 unit costs at least one byte, so what lies past `bytesMax` units cannot fit.
  const ends: number[] = []
  for (const part of graphemes.segment(text.slice(0, bytesMax))) ends.push(part.index + part.segment.length)
  // The slice may have cut the last grapheme in two.
  if (text.length > bytesMax) ends.pop()
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (bytesOf(cut(text, ends, middle)) <= bytesMax) low = middle
    else high = middle - 1
  }
  return low === 0 ? '' : cut(text, ends, low)
}

function cut(text: string, ends: readonly number[], count: number): string {
  const end = count === 0 ? 0 : (ends[count - 1] ?? 0)
  return text.slice(0, end).trimEnd() + ELLIPSIS
}
