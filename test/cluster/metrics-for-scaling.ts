import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { until } from '../fault/world-until.ts'
import type { Kube } from './kube.ts'

/**
 * A Prometheus and a prometheus-adapter, as small as they can be, for a cluster that has none. The rules of the adapter are those
 * that k8s/prometheus-adapter.json gives to a real one.
 */
const RULES = fileURLToPath(new URL('../../k8s/prometheus-adapter.json', import.meta.url))
const TARGETS = fileURLToPath(new URL('./targets-main.ts', import.meta.url))
const NAMESPACE = 'switchboard-metrics'
const SERVED_MS_MAX = 120_000
const API = 'v1beta1.custom.metrics.k8s.io'
const CUSTOM = '/apis/custom.metrics.k8s.io/v1beta1'

export interface MetricsImages {
  readonly prometheus: string
  readonly adapter: string
  /** Any that has Node: it lists our pods for Prometheus, which Debian builds without that. */
  readonly node: string
}

/** Whether the cluster already serves metrics of pods by which an autoscaler can go. */
export const hasCustomMetrics = (kube: Kube): Promise<boolean> => kube.can(['get', 'apiservice', API])

/** What the autoscaler is told of the edges, by pod. */
export async function servedConnections(kube: Kube, namespace: string): Promise<ReadonlyMap<string, number>> {
  const text = await kube.raw(`${CUSTOM}/namespaces/${namespace}/pods/*/switchboard_edge_connections`)
  const { items } = JSON.parse(text) as { items: { describedObject: { name: string }; value: string }[] }
  return new Map(items.map(({ describedObject, value }) => [describedObject.name, numberOf(value)]))
}

/** Quantities of Kubernetes: `7`, `1500m`, `2k`. */
const numberOf = (quantity: string): number =>
  Number.parseFloat(quantity) * (quantity.endsWith('m') ? 0.001 : quantity.endsWith('k') ? 1_000 : 1)

/** Resolves when it answers. Disposing takes it away again. */
export async function serveMetrics(kube: Kube, images: MetricsImages): Promise<AsyncDisposable> {
  const { rules } = JSON.parse(await readFile(RULES, 'utf8')) as { rules: { custom: object[] } }
  await kube.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...accounts,
    ...prometheus(images, await readFile(TARGETS, 'utf8')),
    ...adapter(images.adapter, { rules: rules.custom }),
  ])
  await until('metrics are served to autoscalers', SERVED_MS_MAX, () => kube.can(['get', '--raw', CUSTOM]))
  return {
    [Symbol.asyncDispose]: async () => {
      const names = [
        `apiservice/${API}`,
        `namespace/${NAMESPACE}`,
        ...roles.map((role) => `clusterrolebinding/${role}`),
      ]
      await kube.kubectl(['delete', '--ignore-not-found', '--wait=false', ...names, `clusterrole/${READER}`])
    },
  }
}

const READER = `${NAMESPACE}-reader`
const DELEGATOR = `${NAMESPACE}-delegator`
const HPA = `${NAMESPACE}-hpa`
const roles = [READER, DELEGATOR, HPA]

const ACCOUNT = { kind: 'ServiceAccount', name: 'default', namespace: NAMESPACE }
const bind = (name: string, role: string, subject: object) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [subject],
})

/** Both read pods; the adapter asks the API server who asks it; the autoscaler may read what it serves. */
const accounts: readonly object[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: READER },
    rules: [
      { apiGroups: [''], resources: ['pods', 'nodes', 'namespaces', 'services'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['custom.metrics.k8s.io'], resources: ['*'], verbs: ['*'] },
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['extension-apiserver-authentication'],
        verbs: ['get', 'list', 'watch'],
      },
    ],
  },
  bind(READER, READER, ACCOUNT),
  bind(DELEGATOR, 'system:auth-delegator', ACCOUNT),
  bind(HPA, READER, { kind: 'ServiceAccount', name: 'horizontal-pod-autoscaler', namespace: 'kube-system' }),
]

const SCRAPES = {
  global: { scrape_interval: '5s' },
  scrape_configs: [
    { job_name: 'switchboard', http_sd_configs: [{ url: 'http://127.0.0.1:9099/', refresh_interval: '5s' }] },
  ],
}

const prometheus = ({ prometheus: image, node }: MetricsImages, targets: string): readonly object[] => [
  configMap('prometheus', { 'prometheus.yml': JSON.stringify(SCRAPES), 'targets.ts': targets }),
  workload({
    name: 'prometheus',
    image,
    args: ['--config.file=/config/prometheus.yml', '--storage.tsdb.path=/data', '--storage.tsdb.retention.time=2h'],
    port: 9090,
    ready: { httpGet: { path: '/-/ready', port: 9090 } },
    beside: [
      {
        name: 'targets',
        image: node,
        imagePullPolicy: 'IfNotPresent',
        args: ['/config/targets.ts'],
        // The authority of the API server.
        env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' }],
        resources: { requests: { cpu: '5m', memory: '48Mi' } },
        volumeMounts: [{ name: 'config', mountPath: '/config' }],
      },
    ],
  }),
  service('prometheus', { port: 9090, targetPort: 9090 }),
]

const adapter = (image: string, config: object): readonly object[] => [
  configMap('adapter', { 'config.yaml': JSON.stringify(config) }),
  workload({
    name: 'adapter',
    image,
    args: [
      '--config=/config/config.yaml',
      '--prometheus-url=http://prometheus:9090/',
      '--metrics-relist-interval=10s',
      '--metrics-max-age=30s',
      '--cert-dir=/data',
      '--secure-port=6443',
    ],
    port: 6443,
    ready: { httpGet: { path: '/readyz', port: 6443, scheme: 'HTTPS' } },
  }),
  service('adapter', { port: 443, targetPort: 6443 }),
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: API },
    spec: {
      group: 'custom.metrics.k8s.io',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: 'adapter', namespace: NAMESPACE },
    },
  },
]

const configMap = (name: string, data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE },
  data,
})

const service = (name: string, port: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: NAMESPACE },
  spec: { selector: { app: name }, ports: [port] },
})

interface Workload {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly port: number
  readonly ready: object
  readonly beside?: readonly object[]
}

const workload = ({ name, image, args, port, ready, beside = [] }: Workload) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        securityContext: { runAsNonRoot: true, runAsUser: 65_532, fsGroup: 65_532 },
        containers: [
          {
            name,
            image,
            imagePullPolicy: 'IfNotPresent',
            args,
            ports: [{ containerPort: port }],
            readinessProbe: { ...ready, periodSeconds: 2 },
            resources: { requests: { cpu: '10m', memory: '64Mi' } },
            volumeMounts: [
              { name: 'config', mountPath: '/config' },
              { name: 'data', mountPath: '/data' },
            ],
          },
          ...beside,
        ],
        volumes: [
          { name: 'config', configMap: { name } },
          { name: 'data', emptyDir: {} },
        ],
      },
    },
  },
})
