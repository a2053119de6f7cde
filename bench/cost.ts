import { type CpuMs, sumCpu } from './measure/processes.ts'

const US_PER_MS = 1_000

/** What a limit calls its only process, which is compared with our edge. */
export const SOCKET_PROCESS = 'process with the sockets'

interface Used {
  readonly used: CpuMs
  /** Units of work that were done. */
  readonly count: number
}

/** CPU for each unit of work: of all processes together, then of each that is not the only one. */
export function costs(unit: string, { used, count }: Used): Record<string, number> {
  const single = Object.keys(used).length > 1 ? Object.entries(used) : []
  return Object.fromEntries([
    [`CPU µs per ${unit}, all processes`, (sumCpu(used) * US_PER_MS) / count],
    ...single.map(([name, ms]) => [`CPU µs per ${unit}, ${name}`, (ms * US_PER_MS) / count]),
  ])
}

/** CPU of the process that holds the sockets, ours or a limit's. */
export const socketCost = (unit: string, { used, count }: Used): Record<string, number> => ({
  [`CPU µs per ${unit}, ${SOCKET_PROCESS}`]: ((used.edge ?? used[SOCKET_PROCESS] ?? Number.NaN) * US_PER_MS) / count,
})
