/** What the kernel says of a process, out of the texts that it says it in. */

/** A clock tick of /proc, fixed by the ABI of Linux. */
const TICK_MS = 10
/** Places after the name of the program: utime and stime are the fields 14 and 15 of the line. */
const UTIME = 11
const STIME = 12

/** CPU time in milliseconds, user and system, from /proc/<pid>/stat. @throws on another text. */
export function cpuMsOfStat(stat: string): number {
  // The name stands in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[UTIME]) + Number(fields[STIME])
  if (!stat.includes(')') || !Number.isFinite(ticks)) throw new Error(`not a /proc stat: ${stat.slice(0, 80)}`)
  return ticks * TICK_MS
}

/** The same from `ps -o time=`: `[[days-]hours:]minutes:seconds[.hundredths]`. @throws on another text. */
export function cpuMsOfPs(time: string): number {
  const found = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(time.trim())
  if (!found) throw new Error(`not a time of ps: ${time}`)
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0))
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000
}

const GROUPS = '/sys/fs/cgroup'
const US_PER_MS = 1e3
const NS_PER_MS = 1e6

/** The file that counts the CPU of a control group, from /proc/<pid>/cgroup: of version 1 or 2. Undefined for the group of everybody. */
export function cpuFileOfGroup(cgroup: string): string | undefined {
  const old = /^\d+:(?:[^:]*,)?cpuacct(?:,[^:]*)?:(\/.+)$/m.exec(cgroup)?.[1]
  if (old !== undefined) return `${GROUPS}/cpuacct${old}/cpuacct.usage`
  const path = /^0::(\/.+)$/m.exec(cgroup)?.[1]
  return path === undefined ? undefined : `${GROUPS}${path}/cpu.stat`
}

/** CPU time in milliseconds out of such a file. @throws on another text. */
export function cpuMsOfGroup(text: string): number {
  const us = /^usage_usec (\d+)$/m.exec(text)?.[1]
  if (us !== undefined) return Number(us) / US_PER_MS
  if (!/^\d+\s*$/.test(text)) throw new Error(`not the CPU time of a group: ${text.slice(0, 80)}`)
  return Number(text) / NS_PER_MS
}

/** Resident memory in KiB from /proc/<pid>/status. @throws on another text. */
export function rssKibOfStatus(status: string): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (found === undefined) throw new Error('no VmRSS: not a /proc status, or the process has ended')
  return Number(found)
}
