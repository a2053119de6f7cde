import { MAX } from '@switchboard/contracts/limits'
import type { Table } from '@switchboard/runtime/settings'
import { SERVICES, type Service, settingsOf, settingsSchema } from './setting-values.ts'
import { count, flag, group, object, objects, oneOf, strings, text, type Value, type Values } from './value.ts'

const CONNECTIONS_PER_POD = 8_000

/** What only one service has. */
const OWN: Readonly<Record<Service, Values>> = {
  edge: {
    page: flag(true, 'Serves the chat page at `/`.'),
    accounts: flag(true, 'Accounts of its own. Without, only tokens of `settings.JWKS_URL` count.'),
    signingKey: group('The Ed25519 key that signs tokens, the same at every edge.', {
      existingSecret: text('', 'Secret that holds it. Empty: one is made at the first install, and kept.'),
      key: text('JWT_PRIVATE_KEY', 'Key in that Secret.'),
    }),
    apiKeys: group('Keys with which servers may send in the name of users.', {
      existingSecret: text('', 'Secret that holds them, separated by commas. Empty: none.'),
      key: text('API_KEYS', 'Key in that Secret.'),
    }),
    preStopSeconds: count(10, 'Seconds in which load balancers learn that a pod ends, before it begins to drain.', {
      max: 120,
    }),
    deletionCost: group(
      'Who goes first when there are to be fewer edges: the one with the fewest connections. A small pod marks them; it may change pods of this namespace.',
      {
        enabled: flag(false, 'Runs it.'),
        seconds: count(30, 'Seconds between two looks.', { min: 5, max: 600 }),
      },
    ),
    tcp: group('Length-prefixed frames over TCP, for clients without WebSocket.', {
      enabled: flag(false, 'Opens the port.'),
      port: count(8081, 'Port of the pods and of the Service.', { min: 1, max: 65_535 }),
    }),
    service: group('The Service before the edges.', {
      type: oneOf(['ClusterIP', 'NodePort', 'LoadBalancer'], 'Its type.'),
      port: count(80, 'Its port for HTTP and WebSocket.', { min: 1, max: 65_535 }),
      annotations: object('Annotations, for what provides load balancers.'),
    }),
    ingress: group('Ingress. No sticky sessions: a client that returns may come to any edge.', {
      enabled: flag(false, 'Makes one.'),
      className: text('', 'IngressClass. For `nginx`, time-outs that fit connections that stay are set.'),
      hosts: strings('Host names.'),
      tlsSecret: text('', 'Secret with the certificate for all hosts. Empty: no TLS here.'),
      annotations: object('More annotations.'),
    }),
    gateway: group('HTTPRoute of the Gateway API, in the place of an Ingress.', {
      enabled: flag(false, 'Makes one.'),
      parentRefs: objects('Gateways that it belongs to, as HTTPRoute has them.'),
      hosts: strings('Host names. Empty: all that the Gateway takes.'),
    }),
  },
  router: {},
  storage: {},
  notifier: {
    credentials: group('Credentials of the push providers.', {
      existingSecret: text(
        '',
        'Secret with the keys `APNS_KEY`, `FCM_SERVICE_ACCOUNT` and `VAPID_PRIVATE_KEY`: those of the providers in use. Empty: no pushes.',
      ),
    }),
  },
}

/** What each service scales by, besides CPU: a signal that says that more pods would help. */
const SIGNAL: Readonly<Record<Service, Values>> = {
  edge: { connections: count(CONNECTIONS_PER_POD, 'Connections for each pod; one process holds 20,000.', { min: 1 }) },
  router: { pending: count(2_000, 'Commands read and not yet decided, for each pod.', { min: 1 }) },
  storage: { pending: count(5_000, 'Events read and not yet in MongoDB, for each pod.', { min: 1 }) },
  notifier: { pending: count(1_000, 'Pushes that wait in their stream, for each pod.', { min: 1 }) },
}

const RESOURCES: Readonly<Record<Service, object>> = {
  edge: { requests: { cpu: '200m', memory: '256Mi' }, limits: { memory: '1Gi' } },
  router: { requests: { cpu: '200m', memory: '256Mi' }, limits: { memory: '1Gi' } },
  storage: { requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '768Mi' } },
  notifier: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
}

/** A service: the same keys in each, and then its own. */
function workload(service: Service, table: Table): Value {
  return group(`The ${service}s.`, {
    replicas: count(2, 'Pods, where `autoscaling.enabled` is false.', { min: 1 }),
    autoscaling: group('Between how many pods, and by what.', {
      enabled: flag(true, 'Scales by itself.'),
      min: count(2, 'Pods at least.', { min: 1 }),
      max: count(service === 'router' ? 16 : 10, 'Pods at most.', { min: 1, ...(service === 'router' && { max: 64 }) }),
      cpuPercent: count(70, 'Of the requested CPU.', { min: 10, max: 100 }),
      ...SIGNAL[service],
    }),
    resources: object('Requests and limits of a pod.', RESOURCES[service] as Record<string, unknown>),
    settings: {
      kind: 'settings',
      default: service === 'edge' ? { DRAIN_SECONDS_MAX: MAX.drainSeconds } : {},
      doc: 'Settings by their names in docs/settings.md; a name that is not there is refused.',
      schema: settingsSchema(table),
    },
    ...OWN[service],
    extraEnv: objects('More environment, as containers have it.'),
    podAnnotations: object('Annotations of its pods.'),
    podLabels: object('Labels of its pods.'),
    nodeSelector: object('Nodes that its pods may run on.'),
    tolerations: objects('Taints that its pods bear.'),
    priorityClassName: text('', 'Priority class of its pods.'),
  })
}

const connection = (what: string, example: string): Values => ({
  url: text('', `Where ${what} is: \`${example}\`. It is kept in a Secret.`),
  existingSecret: text('', 'Secret that holds the URL, in the place of `url`.'),
  key: text('url', 'Key in that Secret.'),
})

/** Every value of the chart. */
export async function chartValues(root: string): Promise<Values> {
  const services: Record<string, Value> = {}
  for (const service of SERVICES) services[service] = workload(service, await settingsOf(root, service))
  return {
    image: group('The images `<registry>/switchboard-<service>`.', {
      registry: text('', 'Registry and folder, without a slash at the end. Empty: images that the nodes have.'),
      tag: text('', 'Tag. Empty: the version of the application.'),
      digests: object('Digest for each service, `edge: sha256:…`; it goes before the tag.'),
      pullPolicy: oneOf(['IfNotPresent', 'Always', 'Never'], 'When nodes ask the registry.'),
      pullSecrets: strings('Secrets with the credentials of the registry.'),
    }),
    nats: group('NATS with JetStream, 2.14 or newer: exactly one of `url`, `existingSecret`, `evaluation.enabled`.', {
      ...connection('NATS', 'nats://user:password@nats:4222'),
      namespace: text(
        'sb',
        'First token of every subject and stream. Two releases on one NATS need two.',
        '^[A-Za-z0-9_-]{1,32}$',
      ),
      replicas: count(3, 'Copies of each stream; 1 with `evaluation.enabled`.', { min: 1, max: 5 }),
    }),
    mongodb: group('MongoDB, 6.0 or newer: exactly one of `url`, `existingSecret`, `evaluation.enabled`.', {
      ...connection('MongoDB', 'mongodb://user:password@mongo/?replicaSet=rs0'),
      database: text('switchboard', 'Name of the database.'),
    }),
    ...services,
    ...operations,
    evaluation: group(
      'One NATS and one MongoDB in the release, to try it out. What they keep is lost with their pods.',
      {
        enabled: flag(false, 'Runs both.'),
        nats: group('The NATS.', backing('nats:2.15', '50m', '64Mi')),
        mongodb: group('The MongoDB.', backing('mongo:8', '50m', '256Mi')),
      },
    ),
  }
}

const backing = (image: string, cpu: string, memory: string): Values => ({
  image: text(image, 'Its image.'),
  resources: object('Requests and limits.', { requests: { cpu, memory } }),
  securityContext: object('Of its container.', {
    runAsUser: 999,
    runAsNonRoot: true,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  }),
})

const operations: Values = {
  autoscaling: group('How all services scale.', {
    engine: oneOf(['hpa', 'keda'], 'HorizontalPodAutoscalers, or ScaledObjects of KEDA.'),
    signals: flag(
      false,
      'Scales by the signals as well as by CPU. With `hpa`, something must serve them as custom and external metrics. KEDA always does.',
    ),
    prometheusUrl: text('', 'Where KEDA asks for the signals.'),
    scaleDownSeconds: count(600, 'Seconds that fewer pods must have been enough, before edges go; others take half.', {
      max: 3_600,
    }),
  }),
  topologySpread: group('How pods of one service are spread.', {
    zones: oneOf(['ScheduleAnyway', 'DoNotSchedule'], 'When zones cannot be kept even.'),
    hosts: oneOf(['ScheduleAnyway', 'DoNotSchedule'], 'When nodes cannot be kept even.'),
  }),
  podDisruptionBudget: group('What a drained node may take at once.', {
    enabled: flag(true, 'One pod of each service at a time, where there are two or more.'),
  }),
  networkPolicy: group('Who may talk to whom: what channels.ts says and nothing else.', {
    enabled: flag(false, 'Makes one for each service. The network of the cluster must enforce them.'),
    clients: objects('Who may reach the edges: peers as NetworkPolicy has them. Empty: everybody.'),
    monitoring: objects('Who may read the metrics. Empty: every pod of the cluster.'),
    nats: objects('Where NATS is. Empty: anywhere, at `natsPort` alone.'),
    natsPort: count(4222, 'Port of NATS.', { min: 1, max: 65_535 }),
    mongodb: objects('Where MongoDB is. Empty: anywhere, at `mongodbPort` alone.'),
    mongodbPort: count(27017, 'Port of MongoDB.', { min: 1, max: 65_535 }),
    webhookPorts: strings('Ports besides 443 that `WEBHOOK_HOSTS` names, for the notifier to reach.'),
    traces: objects('Where the collector of `traces.url` is. Empty: anywhere, at `tracesPort` alone.'),
    tracesPort: count(4318, 'Port of the collector.', { min: 1, max: 65_535 }),
  }),
  traces: group('Where traces of OpenTelemetry go. Which ones are made: `edge.settings.TRACES_PER_THOUSAND`.', {
    url: text('', 'A collector, OTLP over HTTP: `http://collector.monitoring:4318`. Empty: there are none.'),
    existingSecret: text(
      '',
      'Secret that holds headers for the collector, `name=value`, separated by commas. Empty: none.',
    ),
    key: text('OTEL_EXPORTER_OTLP_HEADERS', 'Key in that Secret.'),
  }),
  monitoring: group('For the operator of Prometheus and for Grafana.', {
    podMonitor: flag(false, 'PodMonitor for all services.'),
    rules: flag(false, 'PrometheusRule with the alerts of docs/operations.md.'),
    excludeRules: strings('Names of alerts to leave out.'),
    dashboards: flag(false, 'Dashboards for Grafana, as ConfigMaps.'),
    labels: object('Labels of PodMonitor and PrometheusRule, by which Prometheus finds them.'),
    dashboardLabels: object('Labels by which Grafana finds dashboards.', { grafana_dashboard: '1' }),
    runbookUrl: text('', 'Page with the runbooks; alerts link to their sections. Empty: no links.'),
    skipApiCheck: flag(false, 'Does not ask whether the cluster knows these kinds: for `helm template`.'),
  }),
}
