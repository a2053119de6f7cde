// Marks the pods of the edges by how many connections each holds, so that the emptiest goes first when there are to be fewer.
// Runs in a pod of its own, because it may change pods and an edge must not (docs/decisions/0022). Needs Node.js alone.
import { readFileSync } from 'node:fs'

// deletion-cost.mjs <namespace> <selector of the edges' pods> <operator port> <seconds between two looks>
const [NAMESPACE, SELECTOR, OPERATOR_PORT, SECONDS] = process.argv.slice(2)
const API = 'https://kubernetes.default.svc'
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'
const COST = 'controller.kubernetes.io/pod-deletion-cost'
const ANSWER_MS_MAX = 5_000
// A mark is a write to the API server: what changes by less than a tenth is not worth one.
const WORTH = 0.1
const FAILURES_MAX = 10

async function api(path, more = {}) {
  // Read each time: the kubelet renews it.
  const authorization = `Bearer ${readFileSync(TOKEN, 'utf8').trim()}`
  const headers = { authorization, ...more.headers }
  const response = await fetch(`${API}${path}`, { ...more, headers, signal: AbortSignal.timeout(ANSWER_MS_MAX) })
  if (!response.ok) throw new Error(`${more.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

async function connectionsOf(address) {
  const host = address.includes(':') ? `[${address}]` : address
  const metrics = `http://${host}:${OPERATOR_PORT}/metrics`
  const text = await (await fetch(metrics, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })).text()
  const samples = text.matchAll(/^switchboard_edge_connections(?:\{[^}]*\})? (\S+)$/gm)
  return [...samples].reduce((sum, [, value]) => sum + Number(value), 0)
}

const isWorth = (before, now) =>
  before === undefined || Math.abs(now - Number(before)) > Math.max(1, WORTH * Number(before))

async function mark({ metadata, status }) {
  const { name, annotations = {} } = metadata
  const connections = await connectionsOf(status.podIP)
  if (!isWorth(annotations[COST], connections)) return
  await api(`/api/v1/namespaces/${NAMESPACE}/pods/${name}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ metadata: { annotations: { [COST]: String(connections) } } }),
  })
  console.log(JSON.stringify({ level: 30, msg: 'marked', pod: name, connections }))
}

async function look() {
  const { items } = await api(`/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${encodeURIComponent(SELECTOR)}`)
  const running = items.filter(
    ({ metadata, status }) => status.phase === 'Running' && status.podIP && !metadata.deletionTimestamp,
  )
  // One edge that does not answer keeps its mark; the others are marked all the same.
  const marked = await Promise.allSettled(running.map(mark))
  const failed = marked.filter(({ status }) => status === 'rejected')
  for (const { reason } of failed) console.log(JSON.stringify({ level: 40, msg: 'not marked', error: String(reason) }))
  if (running.length > 0 && failed.length === running.length) throw new Error('no edge could be marked')
}

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
for (let failures = 0; ; ) {
  try {
    await look()
    failures = 0
  } catch (error) {
    failures += 1
    console.log(JSON.stringify({ level: 50, msg: 'the edges could not be marked', error: String(error) }))
    if (failures >= FAILURES_MAX) process.exit(1)
  }
  await new Promise((resolve) => setTimeout(resolve, Number(SECONDS) * 1_000))
}
