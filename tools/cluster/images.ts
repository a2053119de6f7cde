import { fileURLToPath } from 'node:url'
import type { MetricsImages } from '../../test/cluster/metrics-for-scaling.ts'
import { runCommand } from '../system/command.ts'
import { SetupError } from '../system/setup-error.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SECONDS_MAX = 1_200
const SERVICES = ['edge', 'router', 'storage', 'notifier']
/** What the chart runs to try it out. */
const BACKING = ['nats:2.15', 'mongo:8']
const METRICS = {
  prometheus: 'switchboard-test/prometheus:local',
  adapter: 'switchboard-test/prometheus-adapter:local',
} as const

export interface LoadOptions {
  /** Called with the names of images: `kind load docker-image`. */
  readonly command: string
  readonly tag: string
  readonly quick: boolean
  readonly log: (line: string) => void
}

/** Builds our images, and what the cluster test needs besides, and hands them to the nodes. */
export async function loadImages({ command, tag, quick, log }: LoadOptions): Promise<MetricsImages> {
  await run([`${ROOT}tools/images/services.sh`, tag], log)
  await run([`${ROOT}tools/images/build.sh`], () => {})
  if (!quick) await run([`${ROOT}tools/cluster/metrics-images.sh`, METRICS.prometheus, METRICS.adapter], log)
  const ours = SERVICES.map((service) => `switchboard-${service}:${tag}`)
  await run([...command.split(' '), ...ours, ...BACKING, ...(quick ? [] : Object.values(METRICS))], () => {})
  log('the cluster has the images')
  return { ...METRICS, node: `switchboard-edge:${tag}` }
}

async function run(command: readonly string[], log: (line: string) => void): Promise<void> {
  const { code, lines } = await runCommand(command, { secondsMax: SECONDS_MAX, onLine: log })
  if (code !== 0) throw new SetupError(`${command.join(' ')} failed: ${lines.slice(-5).join(' ')}`)
}
