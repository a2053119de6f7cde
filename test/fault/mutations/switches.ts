import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BreakName } from './breaks.ts'
import type { CrashPointName } from './crash-points.ts'
import { type Armed, hitsFile, switchFile } from './inside.ts'
import type { ProbeName } from './probes.ts'

export type SwitchName = BreakName | CrashPointName | ProbeName

/** Turns the edits in the processes of a world on and off, and reads which process met them. */
export class Switches implements AsyncDisposable {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  static async create(): Promise<Switches> {
    return new Switches(await mkdtemp(join(tmpdir(), 'switchboard-edits-')))
  }

  /** What Node must load before a service, so that its sources have all edits in them. */
  get module(): string {
    const preload = new URL('preload.ts', import.meta.url)
    preload.searchParams.set('switches', this.#directory)
    return preload.href
  }

  /** From now on, until it is turned off; with `once` until one process has met it. */
  async on(name: SwitchName, armed: Partial<Armed> = {}): Promise<void> {
    await rm(hitsFile(this.#directory, name), { force: true })
    await writeFile(switchFile(this.#directory, name), JSON.stringify({ once: false, ...armed }))
  }

  async off(name: SwitchName): Promise<void> {
    await rm(switchFile(this.#directory, name), { force: true })
  }

  isOn(name: SwitchName): boolean {
    return existsSync(switchFile(this.#directory, name))
  }

  /** The processes that met it since it was turned on, one for each time. */
  async hits(name: SwitchName): Promise<readonly number[]> {
    const path = hitsFile(this.#directory, name)
    if (!existsSync(path)) return []
    return (await readFile(path, 'utf8')).split('\n').filter(Boolean).map(Number)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }
}
