/** A stretch of a message: plain text, or text that leads somewhere. */
export interface TextPart {
  readonly text: string
  readonly href?: string
}

const SCHEMES = new Set(['http:', 'https:', 'mailto:'])
const CANDIDATE = /\b(?:https?:\/\/|mailto:|www\.)[^\s<>"'`]+/gi
const CLOSERS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/**
 * Finds the links in a text. Whatever the URL parser does not read as http, https or mailto stays text: nothing that a
 * writer can put in becomes a script address.
 */
export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = withoutTrailing(match[0])
    const href = addressOf(shown)
    if (href === null) continue
    if (match.index > end) parts.push({ text: text.slice(end, match.index) })
    parts.push({ text: shown, href })
    end = match.index + shown.length
  }
  if (end < text.length) parts.push({ text: text.slice(end) })
  return parts
}

/** The full stop after a link belongs to the sentence, and a bracket that was not opened inside it to the bracket before. */
function withoutTrailing(candidate: string): string {
  let text = candidate
  for (;;) {
    const last = text.at(-1) ?? ''
    const opener = CLOSERS[last]
    const unopened = opener !== undefined && text.split(opener).length < text.split(last).length
    if (!unopened && !/[.,;:!?…]/.test(last)) return text
    text = text.slice(0, -1)
  }
}

function addressOf(text: string): string | null {
  const url = URL.parse(/^www\./i.test(text) ? `https://${text}` : text)
  if (!url || !SCHEMES.has(url.protocol)) return null
  return url.protocol === 'mailto:' || url.hostname !== '' ? url.href : null
}
