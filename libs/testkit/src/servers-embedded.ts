import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, type OnLine, startChild } from './child.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const SOURCES = join(ROOT, 'tools/embedded')
const CACHE = join(ROOT, '.cache')
const BUILD_TAGS = 'ferretdb_no_postgresql'
const BUILD_MINUTES_MAX = 20
const START_SECONDS_MAX = 40
const PROGRESS_SECONDS = 15

export type Report = (line: string) => void

export interface EmbeddedOptions {
  /** `host:port` of each server to run; port 0 chooses. */
  readonly nats?: string
  readonly mongo?: string
  readonly dataDir: string
  /** The data is deleted as soon as `child.release()` is called or this process dies. */
  readonly disposable?: boolean
  readonly report?: Report
  readonly onLine?: OnLine
}

export interface Embedded {
  readonly nats?: string
  readonly mongo?: string
  readonly child: Child
}

/** Runs NATS, the MongoDB-wire server or both; resolves when they accept connections. Throws one sentence otherwise. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const command = await embeddedBinary(options.report)
  const args = ['--with-parent', '--data', options.dataDir]
  if (options.nats) args.push('--nats', options.nats)
  if (options.mongo) args.push('--mongo', options.mongo)
  if (options.disposable) args.push('--disposable')
  const ready = Promise.withResolvers<string>()
  const child = await startChild({
    name: 'embedded servers',
    command,
    args,
    stopSecondsMax: 10,
    onLine: (line, from) => {
      if (from === 'stdout') ready.resolve(line)
      options.onLine?.(line, from)
    },
  })
  const late = setTimeout(
    () => ready.reject(new Error('the embedded servers did not start in time')),
    START_SECONDS_MAX * 1000,
  )
  void child.exited.then(() => ready.reject(new Error(reasonOfEnd(child))))
  try {
    return { ...(JSON.parse(await ready.promise) as { nats?: string; mongo?: string }), child }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(late)
  }
}

function reasonOfEnd(child: Child): string {
  const said = child.tail().findLast((line) => line.startsWith('embedded: '))
  return said?.slice('embedded: '.length) ?? `the embedded servers ended: ${child.tail().join(' ')}`
}

let building: Promise<string> | undefined

/** The path of the program, built first where this version of its sources has not been built yet. */
export async function embeddedBinary(report: Report = () => {}): Promise<string> {
  const path = join(CACHE, `embedded-${hashOfSources()}`)
  if (existsSync(path)) return path
  building ??= build(path, report).finally(() => {
    building = undefined
  })
  return building
}

async function build(path: string, report: Report): Promise<string> {
  report('building the embedded NATS and MongoDB servers (first time only, one to three minutes)…')
  mkdirSync(CACHE, { recursive: true })
  // Built beside and renamed, so that two processes that build at once do not run each other's halves.
  const unfinished = `${path}.${process.pid}`
  const since = Date.now()
  const seconds = () => Math.round((Date.now() - since) / 1000)
  const progress = setInterval(() => report(`… still building (${seconds()} s)`), PROGRESS_SECONDS * 1000)
  try {
    await goBuild(unfinished)
    for (const file of readdirSync(CACHE)) if (/^embedded-[0-9a-f]+$/.test(file)) rmSync(join(CACHE, file))
    renameSync(unfinished, path)
  } finally {
    clearInterval(progress)
    rmSync(unfinished, { force: true })
  }
  report(`built in ${seconds()} s`)
  return path
}

async function goBuild(output: string): Promise<void> {
  const go = await startChild({
    name: 'Go',
    command: 'go',
    args: ['build', '-trimpath', '-tags', BUILD_TAGS, '-ldflags', '-s -w', '-o', output, '.'],
    cwd: SOURCES,
    env: { CGO_ENABLED: '0' },
  })
  const late = setTimeout(() => go.kill('SIGKILL'), BUILD_MINUTES_MAX * 60_000)
  const { code } = await go.exited
  clearTimeout(late)
  if (code !== 0) throw new Error(`Go could not build the embedded servers: ${go.tail().slice(-3).join(' ')}`)
}

/** Undefined when Go can build the program here (or it is built already), else why not. */
export async function goAnswers(): Promise<string | undefined> {
  if (existsSync(join(CACHE, `embedded-${hashOfSources()}`))) return undefined
  try {
    const go = await startChild({ name: 'Go', command: 'go', args: ['version'] })
    const { code } = await go.exited
    return code === 0 ? undefined : `Go is broken: ${go.tail().join(' ')}`
  } catch {
    return 'Go is not installed'
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256').update(BUILD_TAGS)
  for (const file of readdirSync(SOURCES).sort()) {
    if (/\.go$|^go\.(mod|sum)$/.test(file)) hash.update(file).update(readFileSync(join(SOURCES, file)))
  }
  return hash.digest('hex').slice(0, 12)
}
