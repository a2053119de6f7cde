import { existsSync, readFileSync } from 'node:fs'
import { runCommand } from '../../tools/system/command.ts'
import { cpuMsOf, type Metered } from './processes.ts'

const PGREP_SECONDS_MAX = 5

/** Process ids out of a text that holds nothing else. */
export const pidsOf = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number)

async function childrenOf(pid: number): Promise<number[]> {
  const path = `/proc/${pid}/task/${pid}/children`
  if (existsSync(path)) return pidsOf(readFileSync(path, 'utf8'))
  const { lines } = await runCommand(['pgrep', '-P', String(pid)], { secondsMax: PGREP_SECONDS_MAX })
  return pidsOf(lines.join(' '))
}

/** A process and those that it has forked. */
export const familyOf = async (pid: number): Promise<number[]> => [pid, ...(await childrenOf(pid))]

/** A process together with those that it has forked, as one: an edge may have workers. */
export const familyMeter = (name: string, pid: () => number): Metered => ({
  name,
  cpuMs: async () => {
    const used = await Promise.all((await familyOf(pid())).map(cpuMsOf))
    return used.reduce((sum, ms) => sum + ms, 0)
  },
})
