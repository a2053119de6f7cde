import { existsSync, readFileSync } from 'node:fs'
import { runCommand } from '../../tools/system/command.ts'
import { cpuMsOfPs, cpuMsOfStat, rssKibOfStatus } from './proc.ts'

/** Whose CPU time is read, and how. */
export interface Metered {
  readonly name: string
  /** Milliseconds of CPU that it has used since it began, with all of its threads. */
  cpuMs(): Promise<number>
}

/** CPU time by the name of the process. */
export type CpuMs = Readonly<Record<string, number>>

const HAS_PROC = existsSync('/proc/self/stat')
const PS_SECONDS_MAX = 5

async function ps(pid: number, column: string): Promise<string> {
  const { lines } = await runCommand(['ps', '-o', `${column}=`, '-p', String(pid)], { secondsMax: PS_SECONDS_MAX })
  return lines.at(-1) ?? ''
}

/** @throws when the process has ended: a figure without it would be too good. */
export const cpuMsOf = async (pid: number): Promise<number> =>
  HAS_PROC ? cpuMsOfStat(readFileSync(`/proc/${pid}/stat`, 'utf8')) : cpuMsOfPs(await ps(pid, 'time'))

/** Resident memory in KiB. @throws when the process has ended. */
export async function rssKibOf(pid: number): Promise<number> {
  const kib = HAS_PROC ? rssKibOfStatus(readFileSync(`/proc/${pid}/status`, 'utf8')) : Number(await ps(pid, 'rss'))
  if (!(kib > 0)) throw new Error(`process ${pid} has no memory: it has ended`)
  return kib
}

/** A process by its pid, which may change when it is restarted. */
export const processMeter = (name: string, pid: () => number): Metered => ({ name, cpuMs: () => cpuMsOf(pid()) })

/** Reads them all, at once. */
export async function readCpu(metered: readonly Metered[]): Promise<CpuMs> {
  const read = await Promise.all(metered.map(async ({ name, cpuMs }) => [name, await cpuMs()] as const))
  return Object.fromEntries(read)
}

/** What each has used in between. */
export const usedBetween = (before: CpuMs, after: CpuMs): CpuMs =>
  Object.fromEntries(Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)]))

export const sumCpu = (used: CpuMs): number => Object.values(used).reduce((sum, ms) => sum + ms, 0)

/** What `work` costs each of them, until it has resolved. */
export async function metering<T>(
  metered: readonly Metered[],
  work: () => Promise<T>,
): Promise<{ result: T; used: CpuMs; seconds: number }> {
  const before = await readCpu(metered)
  const since = performance.now()
  const result = await work()
  const seconds = (performance.now() - since) / 1_000
  return { result, used: usedBetween(before, await readCpu(metered)), seconds }
}
