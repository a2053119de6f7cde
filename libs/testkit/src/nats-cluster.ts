import { join } from 'node:path'
import type { FaultLine } from './fault-line.ts'
import { openFaultProxy } from './fault-proxy.ts'
import { type NatsNode, startNatsNode } from './nats-cluster-node.ts'
import { natsServerProgram } from './nats-cluster-program.ts'
import { freePort } from './ports.ts'

const PAUSE_MS = 100
const STREAMS_PATH = '/jsz?acc=$G&streams=true'

export interface NatsClusterOptions {
  readonly directory: string
  /** Three when left out. */
  readonly count?: number
  /** What JetStream may write on each node, in bytes; left out, what the disk gives. */
  readonly fileStoreBytesMax?: number
  readonly syncsAlways?: boolean
  readonly report?: (line: string) => void
  readonly onLine?: (node: string, line: string) => void
}

export interface NatsRoute {
  readonly between: readonly [string, string]
  /** Of the connections that either side opens. */
  readonly lines: readonly FaultLine[]
}

/** A cluster of nats-server with JetStream, whose nodes reach each other through proxies only. */
export interface NatsCluster extends AsyncDisposable {
  readonly nodes: readonly NatsNode[]
  readonly routes: readonly NatsRoute[]
  /** Resolves when all nodes that run have caught up with the cluster; throws one sentence after the deadline. */
  settled(secondsMax?: number): Promise<void>
  /** Name of the node that leads this stream, as most nodes see it. */
  leaderOf(stream: string): Promise<string | undefined>
  /** Name of the node that leads the cluster's own group, as most nodes see it. */
  metaLeader(): Promise<string | undefined>
}

export async function startNatsCluster(options: NatsClusterOptions): Promise<NatsCluster> {
  const { count = 3, report } = options
  const program = await natsServerProgram(report)
  await using started = new AsyncDisposableStack()
  const places = []
  for (let i = 0; i < count; i++) {
    places.push({
      name: `nats-${i + 1}`,
      ports: { client: await freePort(), cluster: await freePort(), monitor: await freePort() },
      routes: [] as string[],
    })
  }
  const routes: NatsRoute[] = []
  for (const [i, one] of places.entries()) {
    for (const other of places.slice(i + 1)) {
      const lines: FaultLine[] = []
      for (const [from, to] of [[one, other] as const, [other, one] as const]) {
        const proxy = started.use(await openFaultProxy({ targets: [{ host: '127.0.0.1', port: to.ports.cluster }] }))
        from.routes.push(`127.0.0.1:${proxy.port}`)
        lines.push(...proxy.lines)
      }
      routes.push({ between: [one.name, other.name], lines })
    }
  }
  const { fileStoreBytesMax, syncsAlways, onLine } = options
  const results = await Promise.allSettled(
    places.map((place) =>
      startNatsNode({
        ...place,
        program,
        directory: join(options.directory, place.name),
        ...(fileStoreBytesMax !== undefined && { fileStoreBytesMax }),
        ...(syncsAlways !== undefined && { syncsAlways }),
        ...(onLine && { onLine: (line) => onLine(place.name, line) }),
      }),
    ),
  )
  const nodes = results.flatMap((result) => (result.status === 'fulfilled' ? [started.use(result.value)] : []))
  for (const result of results) if (result.status === 'rejected') throw result.reason
  const all = started.move()
  return {
    nodes,
    routes,
    settled: (secondsMax = 60) => settled(nodes, secondsMax),
    leaderOf: async (stream) => mostCommon(await askAll(nodes, STREAMS_PATH, (answer) => leaderIn(answer, stream))),
    metaLeader: async () =>
      mostCommon(await askAll(nodes, '/jsz', (answer) => (answer as MonitorAnswer).meta_cluster?.leader)),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

async function settled(nodes: readonly NatsNode[], secondsMax: number): Promise<void> {
  const deadline = Date.now() + secondsMax * 1000
  for (;;) {
    const reasons = await ailmentsOf(nodes.filter((node) => node.running))
    if (reasons.length === 0) return
    if (Date.now() > deadline) {
      throw new Error(`the NATS cluster has not settled after ${secondsMax} s: ${reasons.join('; ')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

async function ailmentsOf(nodes: readonly NatsNode[]): Promise<string[]> {
  const own = await Promise.all(nodes.map((node) => node.ailment()))
  const reasons = nodes.flatMap((node, i) => (own[i] ? [`${node.name}: ${own[i]}`] : []))
  const answers = await Promise.all(nodes.map((node) => node.ask('/jsz')))
  // Only the leader knows how the others are; it places no stream on a node that it takes for gone.
  const groups = answers.map((answer) => (answer as MonitorAnswer | undefined)?.meta_cluster)
  const view = groups.find((group, i) => group?.leader === nodes[i]?.name)
  if (view === undefined) return [...reasons, 'no node leads']
  for (const { name, current, offline } of view.replicas ?? []) {
    const isHere = nodes.some((node) => node.name === name)
    if (isHere && (!current || offline)) reasons.push(`${name}: not in step with ${view.leader}`)
  }
  return reasons
}

/** What is read of `/jsz`. */
interface MonitorAnswer {
  readonly meta_cluster?: {
    readonly leader?: string
    readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly offline?: boolean }[]
  }
  readonly account_details?: readonly {
    readonly stream_detail?: readonly { readonly name: string; readonly cluster?: { readonly leader?: string } }[]
  }[]
}

function leaderIn(answer: unknown, stream: string): string | undefined {
  const streams = (answer as MonitorAnswer).account_details?.flatMap((account) => account.stream_detail ?? [])
  return streams?.find(({ name }) => name === stream)?.cluster?.leader
}

async function askAll(
  nodes: readonly NatsNode[],
  path: string,
  read: (answer: unknown) => string | undefined,
): Promise<string[]> {
  const answers = await Promise.all(nodes.map((node) => (node.running ? node.ask(path) : undefined)))
  return answers.flatMap((answer) => (answer === undefined ? [] : (read(answer) ?? [])))
}

function mostCommon(names: readonly string[]): string | undefined {
  const count = (name: string) => names.filter((other) => other === name).length
  return [...new Set(names)].filter((name) => name !== '').sort((a, b) => count(b) - count(a))[0]
}
