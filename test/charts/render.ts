import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ChartPrograms, chartPrograms } from '../../tools/charts/programs.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const CHART = `${ROOT}helm/switchboard`
const BYTES_MAX = 64 * 1024 * 1024

export type Labels = Readonly<Record<string, string>>
export interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[]
}
export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
}
export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number }
}
export interface Container {
  readonly name: string
  readonly image: string
  readonly env?: readonly EnvVar[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly resources: { readonly requests: Labels }
}
export interface PodSpec {
  readonly automountServiceAccountToken: boolean
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[]
  readonly containers: readonly Container[]
}
export interface PolicyRule {
  readonly ports: readonly { readonly port: number | string; readonly protocol: string }[]
  readonly from?: readonly object[]
  readonly to?: readonly object[]
}

/** What tests read of a manifest, whatever its kind. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Labels; readonly annotations?: Labels }
  readonly data?: Labels
  readonly spec: {
    readonly replicas?: number
    readonly selector?: Selector & Labels
    readonly podSelector?: Selector
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
    readonly scaleTargetRef?: { readonly name: string }
    readonly minReplicas?: number
    readonly minReplicaCount?: number
    readonly ingress?: readonly PolicyRule[]
    readonly egress?: readonly PolicyRule[]
    readonly groups?: readonly { readonly rules: readonly Rule[] }[]
  }
}
export interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Labels
}

let programs: Promise<ChartPrograms> | undefined
/** Built by whoever starts the tests; a file that is run alone builds them itself. */
export const chartTools = (): Promise<ChartPrograms> => {
  programs ??= chartPrograms((line) => console.log(line))
  return programs
}

/** The supported installations: each is rendered, and every rule holds for each. */
export const SCENARIOS: readonly string[] = readdirSync(`${CHART}/ci`).map((file) => file.replace('-values.yaml', ''))

const helmArgs = (more: readonly string[]): readonly string[] => [
  ...['template', 'chat', CHART, '--namespace', 'chat', '--kube-version', '1.35'],
  ...['--api-versions', 'monitoring.coreos.com/v1', '--api-versions', 'keda.sh/v1alpha1'],
  ...more,
]

interface Rendered {
  readonly text: string
  readonly manifests: readonly Manifest[]
}

/** Once for each scenario: every test of a file looks at the same manifests. */
const rendered = new Map<string, Promise<Rendered>>()

async function renderOnce(scenario: string): Promise<Rendered> {
  const { path } = await chartTools()
  const options = { encoding: 'utf8', maxBuffer: BYTES_MAX } as const
  const args = helmArgs(['--values', `${CHART}/ci/${scenario}-values.yaml`])
  const input = execFileSync(path('helm'), args, options)
  return { text: input, manifests: JSON.parse(execFileSync(path('manifests'), ['json'], { ...options, input })) }
}

function kept(scenario: string): Promise<Rendered> {
  const found = rendered.get(scenario) ?? renderOnce(scenario)
  rendered.set(scenario, found)
  return found
}

/** What `helm template` prints. */
export const renderText = async (scenario: string): Promise<string> => (await kept(scenario)).text

export const render = async (scenario: string): Promise<readonly Manifest[]> => (await kept(scenario)).manifests

/** What Helm says when it refuses values; the empty text when it takes them. */
export async function refusalOf(sets: readonly string[]): Promise<string> {
  const { path } = await chartTools()
  const args = helmArgs(['--set', 'evaluation.enabled=true', ...sets.flatMap((set) => ['--set', set])])
  const { status, stderr } = spawnSync(path('helm'), args, { encoding: 'utf8', maxBuffer: BYTES_MAX })
  return status === 0 ? '' : stderr
}

export const isMatched = (selector: Selector, labels: Labels): boolean =>
  Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
  (selector.matchExpressions ?? []).every(({ key, values }) => values.includes(labels[key] ?? ''))

export const componentOf = (manifest: Manifest): string => manifest.metadata.labels['app.kubernetes.io/component'] ?? ''
