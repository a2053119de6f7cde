/**
 * What this process was told to use cannot be used as it is: a sentence for whoever set it up. No bug, and nothing that trying
 * again at once would mend.
 */
export class UnusableError extends Error {
  override name = 'UnusableError'
}
