import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { SERVICES, type Service } from '../../tools/charts/setting-values.ts'
import {
  chartTools,
  componentOf,
  isMatched,
  type Manifest,
  type PodSpec,
  render,
  renderText,
  SCENARIOS,
  type Selector,
} from './render.ts'

const EDGE_END_SECONDS = 20

const isOurs = (manifest: Manifest): boolean => SERVICES.includes(componentOf(manifest) as Service)
/** Marks the edges' pods: it alone talks to the API server, and has no port that could be asked. */
const MARKER = 'deletion-cost'
const workloads = (all: readonly Manifest[]): { name: string; component: string; pod: PodSpec; whole: Manifest }[] =>
  all.flatMap((whole) => {
    const pod = whole.kind === 'Deployment' ? whole.spec.template?.spec : undefined
    return pod ? [{ name: whole.metadata.name, component: componentOf(whole), pod, whole }] : []
  })

assert.ok(SCENARIOS.length >= 7)

for (const scenario of SCENARIOS) {
  test(`the chart, rendered for ${scenario}, is what Kubernetes takes, field by field`, async () => {
    const { path, schemas, kubernetes } = await chartTools()
    const location = `${schemas}/{{ .ResourceKind }}{{ .KindSuffix }}.json`
    const args = ['-strict', '-summary', '-kubernetes-version', `${kubernetes}.0`, '-schema-location', location]
    const input = await renderText(scenario)
    const { status, stdout, stderr } = spawnSync(path('kubeconform'), args, { input, encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /Summary: [1-9]\d* resources found .*Invalid: 0, Errors: 0, Skipped: 0/)
  })

  test(`the chart, rendered for ${scenario}, runs each service safely`, async () => {
    const all = await render(scenario)
    const found = workloads(all)
    for (const service of SERVICES) assert.equal(found.filter(({ component }) => component === service).length, 1)
    assert.ok(
      all.some(({ kind, metadata }) => kind === 'Pod' && metadata.annotations?.['helm.sh/hook'] === 'test'),
      'helm test has a pod',
    )
    for (const { name, component, pod } of found) {
      const [container] = pod.containers
      assert.ok(container, name)
      assert.equal(pod.automountServiceAccountToken, component === MARKER, name)
      assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' }, name)
      assert.equal(container.securityContext.readOnlyRootFilesystem, true, name)
      assert.equal(container.securityContext.allowPrivilegeEscalation, false, name)
      assert.deepEqual(container.securityContext.capabilities, { drop: ['ALL'] }, name)
      assert.ok(pod.securityContext.runAsNonRoot === true || container.securityContext.runAsNonRoot === true, name)
      if (component !== MARKER)
        assert.ok(container.startupProbe && container.livenessProbe && container.readinessProbe, name)
      assert.ok(container.resources.requests.cpu && container.resources.requests.memory, name)
      assert.doesNotMatch(container.image, /(:latest|\/[^:@]+)$/, name)
      if (!SERVICES.includes(component as Service)) continue
      assert.equal(container.livenessProbe?.httpGet?.path, '/live')
      assert.equal(container.readinessProbe?.httpGet?.path, '/ready')
      const keys = pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)
      assert.deepEqual(keys, ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'])
    }
  })

  test(`the chart, rendered for ${scenario}, gives an edge the time that its drain takes`, async () => {
    const edge = workloads(await render(scenario)).find(({ component }) => component === 'edge')?.pod
    const [container] = edge?.containers ?? []
    const pause = container?.lifecycle?.preStop.sleep.seconds ?? Number.NaN
    const drain = Number(container?.env?.find(({ name }) => name === 'DRAIN_SECONDS_MAX')?.value)
    assert.ok((edge?.terminationGracePeriodSeconds ?? 0) > pause + drain + EDGE_END_SECONDS)
  })

  test(`the chart, rendered for ${scenario}, scales and protects each service once`, async () => {
    const all = await render(scenario)
    for (const { name, whole } of workloads(all).filter((one) => isOurs(one.whole))) {
      const scalers = all.filter((one) => one.spec?.scaleTargetRef?.name === name)
      const pods = scalers[0]?.spec.minReplicas ?? scalers[0]?.spec.minReplicaCount ?? whole.spec.replicas ?? 0
      assert.equal(
        scalers.length + (whole.spec.replicas === undefined ? 0 : 1),
        1,
        `${name} has one who counts its pods`,
      )
      const budgets = all.filter((one) => one.kind === 'PodDisruptionBudget' && one.metadata.name === name)
      assert.equal(budgets.length, pods > 1 ? 1 : 0, `${name} has ${pods} pods`)
    }
  })

  test(`the chart, rendered for ${scenario}, selects pods that there are`, async () => {
    const all = await render(scenario)
    const pods = all.flatMap(({ kind, metadata, spec }) =>
      kind === 'Pod' ? [metadata.labels] : spec?.template ? [spec.template.metadata.labels] : [],
    )
    let selectors = 0
    for (const { kind, metadata, spec } of all) {
      const own: Selector | undefined =
        kind === 'Service'
          ? { matchLabels: spec.selector as Record<string, string> }
          : (spec?.podSelector ?? spec?.selector)
      if (!own) continue
      selectors += 1
      const matched = pods.filter((labels) => isMatched(own, labels)).length
      assert.equal(matched, kind === 'PodMonitor' ? SERVICES.length : 1, `${kind} ${metadata.name}`)
    }
    assert.ok(selectors >= SERVICES.length + 1)
  })

  test(`the chart, rendered for ${scenario}, names everything once and by its release`, async () => {
    const names = (await render(scenario)).map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    assert.equal(new Set(names).size, names.length)
    for (const name of names) assert.match(name, /\/chat-switchboard/)
  })
}
