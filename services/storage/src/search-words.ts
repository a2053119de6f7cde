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

/** For MongoDB's text index: every word must occur, as phrases are joined by "and". */
export const textQuery = (words: readonly string[]): string =>
  words.map((word) => `"${word.replaceAll('\\', ' ')}"`).join(' ')

/** For databases without a text index: each word as it stands, whatever its case. */
export const wordPattern = (word: string): string => word.replace(SPECIAL, '\\$&')

/** The same question to a message in memory. */
export function hasWords(text: string, words: readonly string[]): boolean {
  const lower = text.normalize('NFC').toLowerCase()
  return words.every((word) => lower.includes(word))
}
