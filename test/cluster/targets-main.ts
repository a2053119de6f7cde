/**
 * Runs inside the cluster, beside a Prometheus that was built without discovery of pods: tells it (http_sd) of every pod of ours
 * that has an address, as a PodMonitor would find it. Plain Node, as it comes in a ConfigMap.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const PORT = 9099
const ASK_MS_MAX = 4_000
const OURS = encodeURIComponent('app.kubernetes.io/name=switchboard')
const PODS = `https://kubernetes.default.svc/api/v1/pods?labelSelector=${OURS}&limit=500`
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly containers: readonly { readonly ports?: readonly { name?: string; containerPort: number }[] }[]
  }
  readonly status: { readonly phase: string; readonly podIP?: string }
}

const targetsOf = ({ metadata, spec, status }: Pod): object[] => {
  const ports = spec.containers.flatMap((container) => container.ports ?? [])
  const port = ports.find(({ name }) => name === 'operator')?.containerPort
  if (port === undefined || status.phase !== 'Running' || status.podIP === undefined) return []
  return [{ targets: [`${status.podIP}:${port}`], labels: { namespace: metadata.namespace, pod: metadata.name } }]
}

async function list(): Promise<readonly Pod[]> {
  const response = await fetch(PODS, {
    headers: { authorization: `Bearer ${readFileSync(TOKEN, 'utf8')}` },
    signal: AbortSignal.timeout(ASK_MS_MAX),
  })
  if (!response.ok) throw new Error(`the API server answers ${response.status}`)
  return ((await response.json()) as { items: readonly Pod[] }).items
}

createServer((_, response) => {
  list().then(
    (pods) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(pods.flatMap(targetsOf)))
    },
    (error: Error) => {
      // Prometheus keeps the targets that it has.
      console.error(error.message)
      response.writeHead(503).end(error.message)
    },
  )
}).listen(PORT, '127.0.0.1')
