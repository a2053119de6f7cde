import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild } from './child.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const SOURCES = join(ROOT, 'tools/embedded')
const PACKAGE = 'github.com/nats-io/nats-server/v2'
const OLDEST = [2, 14] as const
const BUILD_MINUTES_MAX = 10

let found: Promise<string> | undefined

/**
 * The path of a stock nats-server: one on PATH that is new enough, or else the version that tools/embedded pins, built once.
 * @throws one sentence when there is neither.
 */
export function natsServerProgram(report: (line: string) => void = () => {}): Promise<string> {
  found ??= find(report)
  return found
}

async function find(report: (line: string) => void): Promise<string> {
  const installed = onPath('nats-server')
  if (installed && isNewEnough(await run({ command: installed, args: ['--version'] }))) return installed
  const pinned = createHash('sha256').update(readFileSync(join(SOURCES, 'go.sum')))
  const path = join(ROOT, '.cache', `nats-server-${pinned.digest('hex').slice(0, 12)}`)
  if (existsSync(path)) return path
  if (!onPath('go')) {
    const why = installed ? `${installed} is older than ${OLDEST.join('.')}` : 'there is no nats-server on PATH'
    throw new Error(`no program for a cluster of NATS: ${why}, and no Go to build one. Install nats-server or Go 1.26.`)
  }
  report('building nats-server (first time only, about a minute)…')
  mkdirSync(join(ROOT, '.cache'), { recursive: true })
  // Built beside and renamed, so that two processes that build at once do not run each other's halves.
  const unfinished = `${path}.${process.pid}`
  try {
    const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, PACKAGE]
    await run({ command: 'go', args, cwd: SOURCES, env: { CGO_ENABLED: '0' } })
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  return path
}

interface Run {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

async function run(options: Run): Promise<string> {
  await using child = await startChild({ name: options.command, ...options })
  const late = setTimeout(() => child.kill('SIGKILL'), BUILD_MINUTES_MAX * 60_000)
  const { code } = await child.exited
  clearTimeout(late)
  const said = child.tail().join('\n')
  if (code !== 0) throw new Error(`${options.command} ${options.args[0]} failed: ${said}`)
  return said
}

function isNewEnough(version: string): boolean {
  const [, major = 0, minor = 0] = /v(\d+)\.(\d+)\./.exec(version)?.map(Number) ?? []
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

function onPath(name: string): string | undefined {
  const files = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name))
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
