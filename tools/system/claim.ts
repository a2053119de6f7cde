import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { SetupError } from './setup-error.ts'

/**
 * Marks the data directory as ours until disposed. A mark left by a process that is gone does not count.
 * @throws SetupError when another `npm start` runs on it.
 */
export async function claimDataDir(dataDir: string): Promise<Disposable> {
  const path = join(dataDir, 'start.pid')
  if (existsSync(path)) {
    const pid = Number(readFileSync(path, 'utf8'))
    if (pid !== process.pid && (await isStart(pid))) {
      throw new SetupError(
        `${dataDir} is in use by another npm start (process ${pid}): stop that one, or choose another DATA_DIR`,
      )
    }
  }
  writeFileSync(path, `${process.pid}\n`)
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) }
}

// The number may belong to another program by now, so its command line is what counts.
async function isStart(pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  const proc = `/proc/${pid}/cmdline`
  if (existsSync('/proc/self/cmdline')) return existsSync(proc) && readFileSync(proc, 'utf8').includes('start.ts')
  const { lines } = await runCommand(['ps', '-p', String(pid), '-o', 'command='], { secondsMax: 5 })
  return lines.some((line) => line.includes('start.ts'))
}
