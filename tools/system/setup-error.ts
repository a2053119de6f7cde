/** Something that the person at the terminal can mend, said in one sentence. Everything else is a bug and keeps its stack. */
export class SetupError extends Error {
  override name = 'SetupError'
}

/** How an error is shown: errors of ours and of the system as a sentence, mistakes in the code with their stack. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isSentence = error instanceof SetupError || error.constructor === Error || 'code' in error
  return isSentence ? error.message : (error.stack ?? error.message)
}
