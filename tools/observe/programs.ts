import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../system/command.ts'
import { buildProgram } from '../system/go.ts'
import { SetupError } from '../system/setup-error.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SOURCE = join(ROOT, 'tools/observe/collector')

export interface ObservePrograms {
  /** The collector of OpenTelemetry. */
  readonly collector: string
  readonly prometheus: string
}

/** Undefined when a real collector and a real Prometheus are here or can be built, else what is missing. */
export function missingForObserving(): string | undefined {
  if (findProgram('prometheus') === undefined)
    return 'prometheus is not on PATH (Debian has it in a package of this name)'
  if (!existsSync(collectorPath()) && findProgram('go') === undefined) return 'Go is not installed'
  return undefined
}

/** Builds the collector if it is not built yet: a minute or two the first time. @throws SetupError in a sentence. */
export async function observePrograms(report: (line: string) => void): Promise<ObservePrograms> {
  const missing = missingForObserving()
  if (missing !== undefined) throw new SetupError(`traces and metrics cannot be tested: ${missing}`)
  const collector = collectorPath()
  if (!existsSync(collector)) {
    report('building the collector of OpenTelemetry from its Go modules…')
    mkdirSync(join(ROOT, '.cache'), { recursive: true })
    const unfinished = `${collector}.${process.pid}`
    await buildProgram({ source: SOURCE, out: unfinished, what: '.' })
    renameSync(unfinished, collector)
  }
  return { collector, prometheus: findProgram('prometheus') ?? '' }
}

/** Named by what it is built from: another version is another file. */
function collectorPath(): string {
  const hash = createHash('sha256')
  for (const file of readdirSync(SOURCE).sort()) hash.update(file).update(readFileSync(join(SOURCE, file)))
  return join(ROOT, '.cache', `collector-${hash.digest('hex').slice(0, 12)}`)
}
