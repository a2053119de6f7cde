import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { SetupError } from './setup-error.ts'

const ANSWER_SECONDS_MAX = 10
const ACTION_SECONDS_MAX = 60
const PULL_SECONDS_MAX = 600
// A registry that cannot be reached says nothing at all; one that can says something long before this.
const PULL_SILENT_SECONDS_MAX = 45
const LABEL = 'switchboard.data-dir'

export interface DockerServer {
  readonly name: 'nats' | 'mongo'
  readonly image: string
  readonly args: readonly string[]
  readonly port: number
  /** Where the image keeps its data. */
  readonly volume: string
}

/** Undefined when the Docker daemon answers, else why not. */
export async function dockerAnswers(): Promise<string | undefined> {
  const { code } = await docker(['version', '--format', '{{.Server.Version}}'], ANSWER_SECONDS_MAX)
  if (code === 0) return undefined
  return code === 127 ? 'Docker is not installed' : 'no Docker daemon answers'
}

/** Undefined when the image is here, pulled now if need be, else why not. */
export async function imageReady(image: string, report: (line: string) => void): Promise<string | undefined> {
  if ((await docker(['image', 'inspect', '--format', '{{.Id}}', image], ACTION_SECONDS_MAX)).code === 0)
    return undefined
  report(`pulling the Docker image ${image}…`)
  const { code, lines } = await runCommand(['docker', 'pull', image], {
    secondsMax: PULL_SECONDS_MAX,
    silentSecondsMax: PULL_SILENT_SECONDS_MAX,
    onLine: (line) => /complete|Status:/i.test(line) && report(`  ${line}`),
  })
  if (code === 0) return undefined
  return `the Docker image ${image} is not here and cannot be pulled${code === null ? ' in time' : `: ${lines.at(-1)}`}`
}

/**
 * The container of one server for one data directory, made at the first start and kept, with its data in a volume of the same
 * name. Returns the name; `docker start --attach <name>` runs it.
 */
export async function ensureContainer(server: DockerServer, dataDir: string): Promise<string> {
  const name = `switchboard-${server.name}-${installationId(dataDir)}`
  await removeAbandoned(server, dataDir, name)
  if ((await docker(['container', 'inspect', '--format', '{{.Id}}', name], ACTION_SECONDS_MAX)).code === 0) return name
  const options = ['--name', name, '--label', `${LABEL}=${dataDir}`, '--publish', `127.0.0.1::${server.port}`]
  const storage = ['--volume', `${name}:${server.volume}`, '--shm-size', '256m']
  const created = await docker(['create', ...options, ...storage, server.image, ...server.args], ACTION_SECONDS_MAX)
  if (created.code !== 0) throw new SetupError(`Docker cannot create ${name}: ${created.lines.at(-1)}`)
  return name
}

/** The port on this machine of a running container, once it runs. */
export async function portOf(name: string, inside: number): Promise<number | undefined> {
  const { code, lines } = await docker(['port', name, String(inside)], ANSWER_SECONDS_MAX)
  const port = /:(\d+)$/.exec(lines.at(-1) ?? '')?.[1]
  return code === 0 && port ? Number(port) : undefined
}

// Whoever deletes the data directory wants to begin anew: the containers of the deleted one have nobody left.
async function removeAbandoned(server: DockerServer, dataDir: string, keep: string): Promise<void> {
  const filters = ['--filter', `label=${LABEL}=${dataDir}`, '--filter', `name=^switchboard-${server.name}-`]
  const { lines } = await docker(['ps', '--all', '--format', '{{.Names}}', ...filters], ANSWER_SECONDS_MAX)
  for (const name of lines) {
    if (!name.startsWith('switchboard-') || name === keep) continue
    await docker(['rm', '--force', '--volumes', name], ACTION_SECONDS_MAX)
    await docker(['volume', 'rm', name], ACTION_SECONDS_MAX)
  }
}

function installationId(dataDir: string): string {
  const path = join(dataDir, 'installation')
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(4).toString('hex')}\n`)
  return readFileSync(path, 'utf8').trim()
}

function docker(args: readonly string[], secondsMax: number) {
  return runCommand(['docker', ...args], { secondsMax })
}
