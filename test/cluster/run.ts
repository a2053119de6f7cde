import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBots } from '../fault/bots/processes.ts'
import { until } from '../fault/world-until.ts'
import { comeIn, install, leftBy, second } from './acts-install.ts'
import { kill, roll } from './acts-rolling.ts'
import { scaleByConnections, scaleByCpu } from './acts-scaling.ts'
import { judge } from './ending.ts'
import { hasCustomMetrics, type MetricsImages, serveMetrics } from './metrics-for-scaling.ts'
import { nameHosts } from './names.ts'
import { addressOf, type Place } from './place.ts'
import { Release, type Values } from './release.ts'
import { journalOfRun, type Scene, secondsSince } from './scene.ts'

const BOTS = { processes: 2, users: 16, rooms: 6, operationsPerSecond: 8 }
const ROOMS_MS_MAX = 60_000
/** Connections for each edge: four edges for three times as many, and nobody else reaches it. */
const TARGET = 100
const ROLLED = { quick: 200, full: 2_000 }

export interface ClusterRunOptions {
  readonly place: Place
  readonly seed: number
  /** Without the second installation and the autoscaler, and with fewer connections: what fits into a ring of tests. */
  readonly quick: boolean
  /** Brings metrics to the autoscaler where the cluster has none. */
  readonly metrics: MetricsImages | undefined
  /** Leaves everything as it is at the end. */
  readonly keep: boolean
  readonly log: (line: string) => void
}

/** What the run sets, besides what is under test: small, quick to scale down, and cheap log-ins. */
const SMALL: Values = {
  'evaluation.enabled': true,
  'evaluation.nats.resources.requests.cpu': '200m',
  'evaluation.mongodb.resources.requests.cpu': '200m',
  'autoscaling.scaleDownSeconds': 30,
  'edge.resources.requests.cpu': '200m',
  'edge.autoscaling.min': 2,
  'edge.autoscaling.max': 4,
  'edge.autoscaling.cpuPercent': 100,
  'router.resources.requests.cpu': '100m',
  'router.autoscaling.max': 3,
  // What bots make is little work, and NATS and MongoDB share the node's cores: a router gets some 50m of them.
  'router.autoscaling.cpuPercent': 30,
  'storage.autoscaling.enabled': false,
  'storage.resources.requests.cpu': '50m',
  'storage.settings.SCRYPT_COST_LOG2': 10,
  'notifier.autoscaling.enabled': false,
  'notifier.resources.requests.cpu': '50m',
}

/** Everything, from nothing to nothing. @returns what is wrong; empty when all is well. */
export async function clusterRun(options: ClusterRunOptions): Promise<readonly string[]> {
  const { log, quick, keep } = options
  const problems: string[] = []
  const journalDir = await mkdtemp(join(tmpdir(), 'switchboard-cluster-'))
  await using stack = new AsyncDisposableStack()
  const place = { ...options.place, chart: await chartAsItIs(options.place, stack) }
  const scales = !quick && stack.use(await metricsFor(options)).areServed
  const release = new Release(place, {
    name: 'chat',
    namespace: 'switchboard-test',
    values: {
      ...SMALL,
      ...(scales && { 'autoscaling.signals': true, 'edge.autoscaling.connections': TARGET }),
    },
  })
  await place.kube.kubectl(['delete', 'namespace', release.namespace, '--ignore-not-found'], { secondsMax: 180 })
  if (!keep) stack.defer(() => removeNamespace(release, place))
  try {
    await inOrder({ ...options, place }, { release, journalDir, problems, scales })
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  if (problems.length === 0) await rm(journalDir, { recursive: true, force: true })
  else log(`journals: ${journalDir}`)
  for (const problem of problems) log(`PROBLEM ${problem}`)
  return problems
}

/** A copy: a chart that is edited while the run is under way would come with the upgrade, and bring its own changes. */
async function chartAsItIs({ chart }: Place, stack: AsyncDisposableStack): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'switchboard-chart-'))
  stack.defer(() => rm(copy, { recursive: true, force: true }))
  await cp(chart, copy, { recursive: true })
  return copy
}

interface Running {
  readonly release: Release
  readonly journalDir: string
  readonly problems: string[]
  readonly scales: boolean
}

async function inOrder(options: ClusterRunOptions, { release, journalDir, problems, scales }: Running): Promise<void> {
  const { place, seed, quick, keep, log } = options
  const act = actsOf(log)
  const wrong = (line: string) => void problems.push(line)
  await act('install', (say) => install(release, say))
  const address = await addressOf(place, release.namespace, `${release.fullName}-edge`)
  await nameHosts({ [release.host]: address, [`${release.namespace}-2.test`]: address })
  await act('come in', (say) => comeIn(release, say))
  {
    await using bots = await startBots({ ...BOTS, dir: journalDir, seed, url: release.url, report: log })
    bots.start()
    await until('bots have made rooms', ROOMS_MS_MAX, async () => bots.rooms.length >= 3)
    const scene: Omit<Scene, 'say'> = {
      place,
      release,
      bots,
      journal: journalOfRun(journalDir),
      journalDir,
      seed,
      wrong,
    }
    const play = (name: string, what: (scene: Scene) => Promise<void>) => act(name, (say) => what({ ...scene, say }))
    log(`${BOTS.users} bots chat from here on`)
    if (!quick) await play('a second installation', second)
    if (scales) await play('scale by connections', (all) => scaleByConnections(all, TARGET))
    if (!quick) await play('scale by CPU', scaleByCpu)
    if (scales) await release.upgrade({ 'edge.autoscaling.connections': ROLLED.full })
    await play('rolling upgrade', (all) => roll(all, quick ? ROLLED.quick : ROLLED.full))
    await play('pods killed', kill)
    await play('the promises', judge)
  }
  for (const line of await release.startedAgain()) wrong(line)
  if (!keep) await act('uninstall', (say) => uninstall({ place, release, say, wrong }))
}

/** Each act is named, timed, and what it saw stands under it. */
const actsOf =
  (log: (line: string) => void) =>
  async (name: string, what: (say: (line: string) => void) => Promise<void>): Promise<void> => {
    const began = performance.now()
    log(`${name}:`)
    await what((line) => log(`  ${line}`))
    log(`  (${secondsSince(began)})`)
  }

async function uninstall({ place, release, say, wrong }: Pick<Scene, 'place' | 'release' | 'say' | 'wrong'>) {
  await release.uninstall()
  const left = await leftBy({ place, release })
  say(`helm uninstall leaves ${left.join(', ') || 'nothing'}, as its notes say`)
  const named = `secret/${release.fullName}-signing-key`
  if (left.join() !== named) wrong(`${left.join(', ')} is left, and the notes name ${named} alone`)
}

async function removeNamespace({ namespace }: Release, { kube }: Place): Promise<void> {
  await kube.kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'])
}

/** What serves connections to the autoscaler: the cluster's own, or one that this run brings. Without, that act is left out. */
async function metricsFor({
  place,
  metrics,
  log,
}: ClusterRunOptions): Promise<AsyncDisposable & { areServed: boolean }> {
  const stack = new AsyncDisposableStack()
  const owned = (areServed: boolean) => ({ areServed, [Symbol.asyncDispose]: () => stack.disposeAsync() })
  if (await hasCustomMetrics(place.kube)) {
    log('custom metrics: the cluster serves them')
    return owned(true)
  }
  if (metrics === undefined) {
    log('left out: scaling by connections: the cluster serves no custom metrics, and there are no images to bring them')
    return owned(false)
  }
  stack.use(await serveMetrics(place.kube, metrics))
  log('custom metrics: brought by this run, from a Prometheus and a prometheus-adapter of its own')
  return owned(true)
}
