import { fileURLToPath } from 'node:url'
import type { MetricName } from '@switchboard/contracts/metrics'
import { type Child, startChild } from '@switchboard/testkit/child'
import { freePort } from '@switchboard/testkit/ports'
import { PEM, type Stage, sumOfSeries } from './edge-fixture.ts'
import { eventually } from './eventually.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const WITH_PARENT = new URL('../../../tools/system/with-parent.ts', import.meta.url).href
const DRAIN_SECONDS_MAX = '1'

interface Line {
  readonly msg?: string
  readonly worker?: number
  readonly worker_pid?: number
}

/** The real program with two workers, in processes of their own. */
export interface EdgeWorkers extends AsyncDisposable {
  readonly url: string
  readonly child: Child
  /** The processes that were ready, in their order, of worker 1 and of worker 2. */
  pids(worker: number): readonly number[]
  isReady(): Promise<boolean>
  metric(name: MetricName, labels?: string): Promise<number>
}

/** Runs it; ready when this resolves, unless the settings are such that it never is. */
export async function startEdgeWorkers(
  here: Stage,
  { env = {}, isWaitedFor = true }: { env?: Record<string, string>; isWaitedFor?: boolean } = {},
): Promise<EdgeWorkers> {
  await using stack = new AsyncDisposableStack()
  const [port, tcpPort, operatorPort] = [await freePort(), await freePort(), await freePort()]
  const lines: Line[] = []
  const child = await startChild({
    name: 'edge',
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', '--import', WITH_PARENT, MAIN],
    env: {
      NATS_URL: here.servers.natsUrl,
      NATS_NAMESPACE: here.namespace,
      HOST: '127.0.0.1',
      PORT: String(port),
      TCP_PORT: String(tcpPort),
      OPERATOR_HOST: '127.0.0.1',
      OPERATOR_PORT: String(operatorPort),
      JWT_PRIVATE_KEY: PEM,
      DRAIN_SECONDS_MAX,
      LOG_LEVEL: 'info',
      EDGE_WORKERS: '2',
      ...env,
    },
    onLine: (line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line))
    },
  })
  stack.use(child)
  const ask = (path: string) => fetch(`http://127.0.0.1:${operatorPort}${path}`)
  const isReady = async () => (await ask('/ready').catch(() => null))?.ok === true
  if (isWaitedFor) await eventually(`ready: ${child.tail().join('\n')}`, isReady, (is) => is || !child.running)
  const owned = stack.move()
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    pids: (worker) =>
      lines.flatMap((line) =>
        line.msg === 'a worker is ready' && line.worker === worker ? [line.worker_pid ?? 0] : [],
      ),
    isReady,
    metric: async (name, labels) => sumOfSeries(await (await ask('/metrics')).text(), name, labels),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
