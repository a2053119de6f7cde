/** Words that one search looks for; the rest of the query is ignored. */
const WORDS_MAX = 10

const SPECIAL = /[.*+?^${}()|[\]\\]/g

/** The words of a query, each once, in lower case. */
export const wordsOf = (query: string): string[] =>
  [
    ...new Set(
      query
        .normalize('NFC')
        .toLowerCase()
        .split(/[\s"]+/u),
    ),
  ]
    .filter((word) => word !== '')
    .slice(0, WORDS_MAX)

/** What the text index is asked for: the longest word alone, as servers differ in what several mean. Undefined when it has no letters. */
export function indexTerm(words: readonly string[]): string | undefined {
  const [longest = ''] = words.toSorted((a, b) => b.length - a.length)
  const term = longest.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
  return term === '' ? undefined : term
}

/** The word as it stands, for a regular expression that ignores case. */
export const wordPattern = (word: string): string => word.replace(SPECIAL, '\\$&')

/** The same question to a message in memory. */
export function hasWords(text: string, words: readonly string[]): boolean {
  const lower = text.normalize('NFC').toLowerCase()
  return words.every((word) => lower.includes(word))
}
