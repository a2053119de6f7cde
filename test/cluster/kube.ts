import { execFile } from 'node:child_process'

const SECONDS_MAX = 60
const BYTES_MAX = 64 * 1024 * 1024

export interface Asking {
  readonly input?: string
  readonly secondsMax?: number
}

export interface Programs {
  readonly kubectl: string
  readonly helm: string
}

/** kubectl and helm, bounded in time, on the cluster that KUBECONFIG points to. */
export class Kube {
  readonly #programs: Programs

  constructor(programs: Programs) {
    this.#programs = programs
  }

  /** @throws with what it said, when it refuses or takes too long. */
  kubectl(args: readonly string[], asking: Asking = {}): Promise<string> {
    return run(this.#programs.kubectl, args, asking)
  }

  helm(args: readonly string[], asking: Asking = {}): Promise<string> {
    return run(this.#programs.helm, args, asking)
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.kubectl([...args, '--output=json'])) as T
  }

  /** A path of the API server, as text. */
  raw(path: string): Promise<string> {
    return this.kubectl(['get', '--raw', path])
  }

  /** True when it could be done. */
  async can(args: readonly string[]): Promise<boolean> {
    return this.kubectl(args).then(
      () => true,
      () => false,
    )
  }

  async apply(objects: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects }
    await this.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: JSON.stringify(list) })
  }
}

function run(program: string, args: readonly string[], { input, secondsMax = SECONDS_MAX }: Asking): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: secondsMax * 1_000, killSignal: 'SIGKILL', maxBuffer: BYTES_MAX } as const
    const child = execFile(program, [...args], options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      const late = error.killed ? ` within ${secondsMax} s` : ''
      reject(new Error(`${program} ${args.slice(0, 6).join(' ')} failed${late}: ${(stderr || stdout).trim()}`))
    })
    // A program that ends before it has read all says why in its own words.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })
}
