import { cpSync, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './command.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WEB = join(ROOT, 'web')
const SOURCES = ['web', 'libs/client', 'libs/contracts'].map((path) => join(ROOT, path))
const BUILD_SECONDS_MAX = 180
const IGNORED = new Set(['node_modules', 'dist', 'test'])

/** Builds the pages where there is none yet or its sources are newer. Throws with the end of Vite's output. */
export async function buildWebPage(report: (line: string) => void): Promise<void> {
  if (!existsSync(join(WEB, 'index.html'))) {
    report('there is no chat page in this checkout (web/index.html)')
    return
  }
  const page = join(WEB, 'dist/index.html')
  if (existsSync(page) && statSync(page).mtimeMs >= Math.max(...SOURCES.map(newest))) return
  report('building the chat page…')
  const vite = join(WEB, 'node_modules/vite/bin/vite.js')
  const command = [process.execPath, vite, 'build', '--logLevel', 'warn', WEB]
  const { code, lines } = await runCommand(command, { secondsMax: BUILD_SECONDS_MAX })
  const reasons = lines.filter((line) => !/^\s+at /.test(line))
  if (code !== 0) throw new Error(`the chat page could not be built:\n${reasons.slice(-15).join('\n')}`)
  // A shop to try the widget on: no part of what an installation serves.
  cpSync(join(WEB, 'demo'), join(WEB, 'dist'), { recursive: true })
}

function newest(directory: string): number {
  const times = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => !IGNORED.has(entry.name))
    .map((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs
    })
  return Math.max(0, ...times)
}
