import type { TextFile } from './tree.ts'

/** One place where a rule is broken. */
export interface Finding {
  readonly path: string
  readonly line?: number
  readonly message: string
}

/** A check looks at the whole tree and at nothing else, so that it can be shown a wrong one. */
export interface Check {
  /** Which of the fifteen rules it enforces. */
  readonly rule: `R${number}`
  /** What it is called in exceptions and reports. */
  readonly name: string
  find(files: readonly TextFile[]): Finding[]
}

/** A file that may break a rule, and why. When it does not break it any more, the exception itself is a finding. */
export interface Exception {
  readonly check: string
  readonly path: string
  readonly reason: string
}

/** Runs one check: what it finds outside the exceptions, and the exceptions that nothing needs. */
export function hold(check: Check, files: readonly TextFile[], exceptions: readonly Exception[]): Finding[] {
  const found = check.find(files)
  const own = exceptions.filter((exception) => exception.check === check.name)
  const excepted = new Set(own.map(({ path }) => path))
  const broken = new Set(found.map(({ path }) => path))
  const needless = own
    .filter(({ path }) => !broken.has(path))
    .map(({ path }) => ({ path, message: `is excepted from "${check.name}" and does not need to be any more` }))
  return [...found.filter(({ path }) => !excepted.has(path)), ...needless]
}

export const show = ({ path, line, message }: Finding): string =>
  `${path}${line === undefined ? '' : `:${line}`}  ${message}`
