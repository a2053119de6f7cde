import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from '../system/setup-error.ts'
import { heading, ROOT, runStage } from './stage.ts'

const MINUTES_MAX = 5
const WEB = join(ROOT, 'web')

interface Check {
  readonly title: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly advice: string
}

const CHECKS: readonly Check[] = [
  {
    title: 'lint and format (biome)',
    args: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'],
    advice: '`npm run format` mends what can be mended without thinking',
  },
  { title: 'types (tsc)', args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], advice: 'see above' },
  {
    title: 'types of the web page (vue-tsc)',
    args: ['node_modules/vue-tsc/bin/vue-tsc.js', '--noEmit'],
    cwd: WEB,
    advice: 'see above',
  },
]

/** What needs no run of the code. @throws SetupError at the first check that fails. */
export async function runChecks(): Promise<void> {
  for (const { title, args, cwd, advice } of CHECKS) {
    if (cwd && !existsSync(join(cwd, 'tsconfig.json'))) continue
    heading(title)
    const code = await runStage({ args, minutesMax: MINUTES_MAX, ...(cwd && { cwd }) })
    if (code !== 0) throw new SetupError(`${title} failed: ${advice}`)
  }
}
