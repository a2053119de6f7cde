/** `npm run cluster`: the chart on the cluster of KUBECONFIG, from nothing to nothing, while bots chat. */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { missingCluster, placeOf } from '../test/cluster/place.ts'
import { clusterRun } from '../test/cluster/run.ts'
import { chartPrograms } from './charts/programs.ts'
import { loadImages } from './cluster/images.ts'
import { describeError, SetupError } from './system/setup-error.ts'

const RECORD = 'docs/cluster-run.md'

const HELP = `npm run cluster -- [options]
  --quick           without a second installation and without the autoscaler
  --seed N          of what the bots do; a random one when left out
  --load COMMAND    builds the images and hands them to the cluster: COMMAND is called with their names,
                    as in --load 'kind load docker-image'
  --registry R      where the cluster has our images from; --tag T names them (local)
  --metrics R       images R/prometheus and R/prometheus-adapter for a cluster without custom metrics;
                    with --load they are built
  --address A       where the Ingress listens; left out, it says so itself
  --class C         its class (the cluster's default)
  --values FILE     values for every installation, besides what the run sets
  --keep            leaves everything installed
  --record          keeps what is printed in ${RECORD}`

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    load: { type: 'string', default: process.env.CLUSTER_LOAD ?? '' },
    registry: { type: 'string', default: '' },
    tag: { type: 'string', default: 'local' },
    metrics: { type: 'string', default: '' },
    address: { type: 'string', default: '' },
    class: { type: 'string', default: '' },
    values: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const lines: string[] = []
const since = performance.now()
function log(line: string): void {
  const at = ((performance.now() - since) / 1_000).toFixed(1).padStart(7)
  const stamped = line.startsWith('  ') ? `         ${line}` : `[${at}] ${line}`
  lines.push(stamped)
  console.log(stamped)
}

async function run(): Promise<boolean> {
  const missing = await missingCluster()
  if (missing !== undefined) throw new SetupError(missing)
  const { path } = await chartPrograms(log)
  const { tag, registry, address, quick, keep, seed } = values
  const metrics =
    values.load === ''
      ? imagesAt(values.metrics, edgeImage(registry, tag))
      : await loadImages({ command: values.load, tag, quick, log })
  const place = placeOf({
    helm: path('helm'),
    address,
    ingressClass: values.class,
    registry,
    tag,
    values: values.values,
  })
  log(`seed ${seed}`)
  const problems = await clusterRun({ place, seed: Number(seed), quick, metrics, keep, log })
  log(problems.length === 0 ? 'PASS' : `FAIL: ${problems.length} problems`)
  if (values.record) writeFileSync(RECORD, page(lines))
  return problems.length === 0
}

const imagesAt = (registry: string, node: string) =>
  registry === ''
    ? undefined
    : { prometheus: `${registry}/prometheus`, adapter: `${registry}/prometheus-adapter`, node }

const edgeImage = (registry: string, tag: string): string =>
  `${registry === '' ? '' : `${registry}/`}switchboard-edge:${tag}`

const page = (all: readonly string[]): string =>
  `# The last full run on a cluster

Written by \`npm run cluster -- --record\` on ${new Date().toISOString().slice(0, 10)}; what it does is in
[test/cluster](../test/cluster/README.md).

\`\`\`
${all.join('\n')}
\`\`\`
`

try {
  if (values.help) console.log(HELP)
  else process.exitCode = (await run()) ? 0 : 1
} catch (error) {
  console.error(`switchboard: ${describeError(error)}`)
  process.exitCode = 1
}
process.exit()
