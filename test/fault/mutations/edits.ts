/** One deliberate change of a source text while a process loads it. The product's files stay as they are and know nothing of it. */
export interface SourceEdit {
  readonly name: string
  /** From the root of the repository. */
  readonly file: string
  /** Stands in the file exactly once, else the process that loads it ends: an edit must never become one that changes nothing. */
  readonly find: string
  /**
   * `expression` and `statement`: `replace` in the place of what was found, while the switch of this edit is on.
   * `before`: `replace` is done before the statement that was found, while the switch is on.
   */
  readonly how: 'expression' | 'statement' | 'before'
  readonly replace: string
}

/** A text that cannot be edited as it was declared: the code has changed, and the edit must follow it. */
export class EditError extends Error {
  override readonly name = 'EditError'
}

interface Placed {
  readonly edit: SourceEdit
  readonly from: number
  readonly to: number
}

/** @returns the text with all edits in it, each behind its switch. @throws EditError when one does not fit. */
export function applyEdits(source: string, edits: readonly SourceEdit[]): string {
  const placed = edits.map((edit) => place(source, edit)).sort((a, b) => a.from - b.from || a.to - b.to)
  for (const [i, { edit, from }] of placed.entries()) {
    const before = placed[i - 1]
    if (before && before.to > from)
      throw new EditError(`the edits "${before.edit.name}" and "${edit.name}" of ${edit.file} overlap`)
  }
  let text = ''
  let done = 0
  for (const { edit, from, to } of placed) {
    text += source.slice(done, from) + edited(edit)
    done = to
  }
  return text + source.slice(done)
}

function place(source: string, edit: SourceEdit): Placed {
  const from = source.indexOf(edit.find)
  const again = edit.find === '' ? from : source.indexOf(edit.find, from + 1)
  const times = from === -1 || edit.find === '' ? 'not at all' : 'more than once'
  if (from === -1 || again !== -1)
    throw new EditError(
      `the edit "${edit.name}" must find its text exactly once in ${edit.file}, and finds it ${times}: ${edit.find}`,
    )
  // What is only inserted may stand right before what another edit replaces.
  return { edit, from, to: edit.how === 'before' ? from : from + edit.find.length }
}

function edited({ name, how, find, replace }: SourceEdit): string {
  const isOn = `globalThis.faultSwitches.isOn(${JSON.stringify(name)})`
  if (how === 'expression') return `(${isOn} ? (${replace}) : (${find}))`
  if (how === 'statement') return `if (${isOn}) { ${replace} } else { ${find} }`
  return `if (${isOn}) { ${replace} }\n`
}
