import type { ServiceName } from '../../tools/system/service.ts'
import { parseMetrics, type Samples } from '../fault/world-metrics.ts'
import { until } from '../fault/world-until.ts'
import type { Place } from './place.ts'

const INSTALL_SECONDS_MAX = 300
const ROLL_SECONDS_MAX = 420
const OPERATOR_PORT = 9100

export const SERVICES: readonly ServiceName[] = ['edge', 'router', 'storage', 'notifier']

export type Values = Readonly<Record<string, string | number | boolean>>

interface Pod {
  readonly metadata: {
    readonly name: string
    readonly deletionTimestamp?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly containerStatuses?: readonly { readonly restartCount: number }[]
  }
}

export interface RunningPod {
  readonly name: string
  readonly ready: boolean
  readonly ending: boolean
  readonly restarts: number
  readonly deletionCost: string | undefined
}

/** One installation of the chart, in a namespace of its own. */
export class Release {
  readonly name: string
  readonly namespace: string
  readonly host: string
  readonly #place: Place
  readonly #values: Record<string, string | number | boolean>

  constructor(place: Place, { name, namespace, values }: { name: string; namespace: string; values: Values }) {
    this.#place = place
    this.name = name
    this.namespace = namespace
    this.host = `${namespace}.test`
    this.#values = {
      'image.registry': place.registry,
      'image.tag': place.tag,
      'edge.ingress.enabled': true,
      'edge.ingress.className': place.ingressClass,
      'edge.ingress.hosts[0]': this.host,
      ...values,
    }
  }

  get fullName(): string {
    return this.name.includes('switchboard') ? this.name : `${this.name}-switchboard`
  }

  get url(): string {
    return `http://${this.host}`
  }

  /** The first of the two commands. */
  async install(): Promise<void> {
    await this.#helm(
      ['install', this.name, this.#place.chart, '--create-namespace', '--wait', ...this.#sets({})],
      INSTALL_SECONDS_MAX,
    )
  }

  /** The second one. @returns what it printed. */
  test(): Promise<string> {
    return this.#helm(['test', this.name], INSTALL_SECONDS_MAX)
  }

  /** Rolls what the values change, and waits until no old pod is left. */
  async upgrade(values: Values): Promise<void> {
    Object.assign(this.#values, values)
    await this.#helm(['upgrade', this.name, this.#place.chart, '--wait', ...this.#sets({})], ROLL_SECONDS_MAX)
    await until('old pods have ended', ROLL_SECONDS_MAX * 1_000, async () => {
      const all = await Promise.all(SERVICES.map((service) => this.pods(service)))
      return all.flat().every(({ ending, ready }) => ready && !ending)
    })
  }

  async uninstall(): Promise<void> {
    await this.#helm(['uninstall', this.name, '--wait'], INSTALL_SECONDS_MAX)
  }

  async pods(service: string): Promise<readonly RunningPod[]> {
    const selector = `app.kubernetes.io/instance=${this.name},app.kubernetes.io/component=${service}`
    const { items } = await this.#place.kube.json<{ items: readonly Pod[] }>([
      'get',
      'pods',
      '-n',
      this.namespace,
      '-l',
      selector,
    ])
    return items.map(({ metadata, status }) => ({
      name: metadata.name,
      ready: status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
      ending: metadata.deletionTimestamp !== undefined,
      restarts: status.containerStatuses?.[0]?.restartCount ?? 0,
      deletionCost: metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'],
    }))
  }

  async ready(service: ServiceName): Promise<readonly string[]> {
    return (await this.pods(service)).flatMap(({ name, ready, ending }) => (ready && !ending ? [name] : []))
  }

  /** What a pod measures; empty when it does not answer, as one that ends. */
  async metrics(pod: string): Promise<Samples> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${pod}:${OPERATOR_PORT}/proxy/metrics`
    return this.#place.kube.raw(path).then(
      (text) => parseMetrics(text).samples,
      () => new Map<string, number>(),
    )
  }

  /** Connections of each edge that is ready. */
  async connections(): Promise<ReadonlyMap<string, number>> {
    const pods = await this.ready('edge')
    const counts = await Promise.all(
      pods.map(async (pod) => [pod, sumOf(await this.metrics(pod), CONNECTIONS)] as const),
    )
    return new Map(counts)
  }

  /** Without a word to it, as when its node is gone. */
  async kill(pod: string): Promise<void> {
    await this.#place.kube.kubectl(['delete', 'pod', pod, '-n', this.namespace, '--grace-period=0', '--force'])
  }

  async replicas(service: ServiceName): Promise<number> {
    const path = ['get', 'deployment', `${this.fullName}-${service}`, '-n', this.namespace]
    return (await this.#place.kube.json<{ spec: { replicas: number } }>(path)).spec.replicas
  }

  /** A line for each pod that ended by itself: there should be none. */
  async startedAgain(): Promise<readonly string[]> {
    const all = await Promise.all(SERVICES.map((service) => this.pods(service)))
    return all
      .flat()
      .flatMap(({ name, restarts }) => (restarts > 0 ? [`${name} was started again ${restarts} times`] : []))
  }

  #helm(args: readonly string[], secondsMax: number): Promise<string> {
    const [command = '', ...rest] = args
    const more = ['--namespace', this.namespace, '--timeout', `${secondsMax}s`]
    return this.#place.kube.helm([command, ...rest, ...more], { secondsMax: secondsMax + 30 })
  }

  #sets(values: Values): string[] {
    const all = Object.entries({ ...this.#values, ...values }).filter(([, value]) => value !== '')
    const file = this.#place.values === '' ? [] : ['--values', this.#place.values]
    const sets = all.flatMap(([name, value]) => [
      typeof value === 'string' ? '--set-string' : '--set',
      `${name}=${value}`,
    ])
    return [...file, ...sets]
  }
}

const CONNECTIONS = 'switchboard_edge_connections'

/** Over all labels. */
export const sumOf = (samples: Samples, name: string): number =>
  [...samples].reduce((sum, [key, value]) => (key === name || key.startsWith(`${name}{`) ? sum + value : sum), 0)
