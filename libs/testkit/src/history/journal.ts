import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JournalRecord } from './records.ts'

export interface Journal {
  /** Of all files, by time. Records of one file keep their order. */
  readonly records: readonly JournalRecord[]
  /** Last lines that a killed process did not finish. They say nothing and are left out. */
  readonly torn: number
}

/** A line of a journal that no killed process can have left behind. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
}

/** Reads every `*.jsonl` file of a folder. @throws JournalError for a bad line that is not a torn last one. */
export async function readJournal(folder: string): Promise<Journal> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort()
  const records: JournalRecord[] = []
  let torn = 0
  for (const file of files) torn += parseFile(file, await readFile(join(folder, file), 'utf8'), records)
  // Stable: records of the same moment stay in the order of their file.
  records.sort((a, b) => a.atMs - b.atMs)
  return { records, torn }
}

/** @returns 1 if the last line was torn, else 0. */
function parseFile(file: string, text: string, into: JournalRecord[]): number {
  const lines = text.split('\n')
  const unfinished = lines.pop() ?? ''
  for (const [i, line] of lines.entries()) {
    const record = parseLine(line)
    if (record === undefined) throw new JournalError(`${file}:${i + 1}: not a record: ${line.slice(0, 200)}`)
    into.push(record)
  }
  if (unfinished === '') return 0
  // Everything was written but the end of the line: it counts.
  const whole = parseLine(unfinished)
  if (whole === undefined) return 1
  into.push(whole)
  return 0
}

function parseLine(line: string): JournalRecord | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null) return undefined
    const { type, atMs } = value as { type?: unknown; atMs?: unknown }
    const isRecord = typeof type === 'string' && typeof atMs === 'number' && Number.isFinite(atMs)
    return isRecord ? (value as JournalRecord) : undefined
  } catch {
    return undefined
  }
}
