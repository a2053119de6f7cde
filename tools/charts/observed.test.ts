import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { METRICS, type Metric } from '@switchboard/contracts/metrics'
import { PARTITIONS } from '@switchboard/contracts/partition'
import { grafana } from './dashboard.ts'
import { DASHBOARDS } from './dashboards.ts'
import { CLUSTER_METRICS, NATS_METRICS } from './nats-metrics.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ALERTS = `${ROOT}helm/switchboard/files/alerts`

/** What Prometheus makes of a histogram. */
const OF_HISTOGRAM = /_(bucket|sum|count)$/
/** Given by Prometheus, the cluster or the process itself, whatever the metric. */
const LABELS_OF_ALL = new Set(['namespace', 'pod', 'service', 'le'])

const ours = new Map<string, Metric>(Object.entries(METRICS))
const declared = (name: string): Metric | undefined => ours.get(name) ?? histogram(name)
function histogram(name: string): Metric | undefined {
  const metric = OF_HISTOGRAM.test(name) ? ours.get(name.replace(OF_HISTOGRAM, '')) : undefined
  return metric?.type === 'histogram' ? metric : undefined
}

/** Names of metrics in a query: words that are no function, no label and no text. */
const metricsIn = (query: string): string[] =>
  [
    ...query.replaceAll(/"[^"]*"/g, '""').matchAll(/\b(switchboard|nats|kube|container|process|nodejs)_[a-z0-9_]+/g),
  ].map(([name]) => name)

/** `metric{label="…"}` and `by (label)`: every label that a query names, and those of its braces by their metric. */
function wrongLabels(query: string): string[] {
  const wrong: string[] = []
  for (const [, name = '', labels = ''] of query.matchAll(/(switchboard_[a-z_]+)\{([^}]*)\}/g)) {
    const own = declared(name)?.labels ?? []
    for (const [, label = ''] of labels.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (!own.includes(label) && !LABELS_OF_ALL.has(label)) wrong.push(`${name} has no ${label}`)
  }
  const metrics = metricsIn(query).filter((name) => name.startsWith('switchboard_'))
  if (metrics.length === 0) return wrong
  const known = new Set([...LABELS_OF_ALL, ...metrics.flatMap((name) => [...(declared(name)?.labels ?? [])])])
  for (const [, labels = ''] of query.matchAll(/\bby \(([^)]*)\)/g))
    for (const label of labels.split(/,\s*/)) if (!known.has(label)) wrong.push(`by ${label}, which no metric has`)
  return wrong
}

function findings(query: string): string[] {
  const names = metricsIn(query)
  if (names.length === 0) return [`asks for nothing: ${query}`]
  const unknown = names.filter((name) => !declared(name) && !NATS_METRICS.has(name) && !CLUSTER_METRICS.has(name))
  const bare = names.filter((name) => ours.get(name)?.type === 'histogram')
  const unrated = names.filter((name) => {
    const isCounter = ours.get(name)?.type === 'counter' || OF_HISTOGRAM.test(name)
    return isCounter && !new RegExp(`(rate|increase)\\(${name}\\b`).test(query)
  })
  return [
    ...unknown.map((name) => `${name} is not declared`),
    ...bare.map((name) => `${name} is a histogram`),
    ...unrated.map((name) => `${name} only grows: ask for its rate`),
    ...wrongLabels(query),
  ]
}

test('a query, wrong in each way, is found', () => {
  for (const [query, finding] of [
    ['sum(switchboard_edge_connection)', /not declared/],
    ['sum(rate(switchboard_edge_connections_bucket[5m]))', /not declared/],
    ['sum(nats_varz_nothing)', /not declared/],
    ['sum(rate(switchboard_router_commit_seconds[5m]))', /is a histogram/],
    ['sum(switchboard_router_fenced_total)', /only grows/],
    ['sum(switchboard_edge_connections{way="x"})', /has no way/],
    ['sum by (way) (switchboard_edge_connections)', /by way/],
    ['sum(1)', /asks for nothing/],
  ] as const)
    assert.match(findings(query).join(), finding, query)
  assert.deepEqual(findings('sum by (pod) (switchboard_edge_connections{transport="tcp"})'), [])
})

test('dashboards, each panel of them, ask only for what is declared', () => {
  let queries = 0
  for (const { title, rows } of DASHBOARDS)
    for (const panel of rows.flatMap((row) => row.panels))
      for (const query of Object.values(panel.queries)) {
        queries += 1
        assert.deepEqual(findings(query), [], `${title}: ${panel.title}`)
      }
  assert.ok(queries > 80)
})

test('dashboards, all metrics of ours together, leave none out', () => {
  const shown = new Set(
    DASHBOARDS.flatMap(({ rows }) =>
      rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries))),
    )
      .flatMap(metricsIn)
      .map((name) => (ours.has(name) ? name : name.replace(OF_HISTOGRAM, ''))),
  )
  assert.deepEqual(
    [...ours.keys()].filter((name) => !shown.has(name)),
    [],
  )
})

test('dashboards, as Grafana reads them, have names and places of their own', () => {
  assert.equal(new Set(DASHBOARDS.map(({ uid }) => uid)).size, DASHBOARDS.length)
  for (const dashboard of DASHBOARDS) {
    const { panels } = grafana(dashboard) as {
      panels: readonly { id: number; gridPos: { x: number; y: number; w: number; h: number } }[]
    }
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    )
    assert.equal(new Set(cells).size, cells.length, dashboard.title)
    assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24))
  }
})

const alerts = readdirSync(ALERTS).map((file) => ({
  name: basename(file, '.yaml'),
  text: readFileSync(`${ALERTS}/${file}`, 'utf8'),
}))

test('alerts, each of them, ask only for what is declared', () => {
  assert.ok(alerts.length >= 15)
  for (const { name, text } of alerts) {
    const query = /^expr: (?:\|-\n)?([\s\S]*?)^(?:for|labels): /m.exec(text)?.[1] ?? ''
    assert.deepEqual(findings(query), [], name)
    assert.match(text, new RegExp(`^alert: ${name}$`, 'm'))
    assert.match(text, /^labels: \{ severity: (critical|warning) \}$/m, name)
  }
})

test('alerts about partitions know how many there are', () => {
  for (const { name, text } of alerts.filter((one) => /PartitionsUnowned$/.test(one.name)))
    assert.match(text, new RegExp(`< ${PARTITIONS}$`, 'm'), name)
})

test('alerts and the sections of the runbook are the same, and each section says what, why and what to do', () => {
  const runbook = readFileSync(`${ROOT}docs/operations.md`, 'utf8').split(/^### (?=Switchboard)/m)
  const sections = runbook
    .slice(1)
    .map((text) => ({ name: text.split('\n')[0] ?? '', text: text.split(/^## /m)[0] ?? '' }))
  assert.deepEqual(sections.map(({ name }) => name).sort(), alerts.map(({ name }) => name).sort())
  for (const { name, text } of sections)
    for (const part of ['Means', 'Users', 'Look', 'Do'])
      assert.match(text, new RegExp(`^- \\*\\*${part}\\.\\*\\* \\S`, 'm'), `${name}: ${part}`)
})
