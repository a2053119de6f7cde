import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const LOG_BYTES_MAX = 20 * 1024 * 1024

export interface LogFile {
  write(line: string): void
  [Symbol.dispose](): void
}

/** Appends to `<directory>/<name>.log`; a log that has grown past 20 MiB becomes `<name>.log.1` and the older one is dropped. */
export function openLogFile(directory: string, name: string, bytesMax = LOG_BYTES_MAX): LogFile {
  mkdirSync(directory, { recursive: true })
  const path = join(directory, `${name}.log`)
  const open = () => {
    if (existsSync(path) && statSync(path).size >= bytesMax) renameSync(path, `${path}.1`)
    return openSync(path, 'a')
  }
  let file: number | undefined = open()
  let bytes = fstatSync(file).size
  return {
    // Written at once, so that the last words of a crash are there; the services log little.
    write: (line) => {
      if (file === undefined) return
      bytes += writeSync(file, `${line}\n`)
      if (bytes < bytesMax) return
      closeSync(file)
      file = open()
      bytes = 0
    },
    [Symbol.dispose]: () => {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}
