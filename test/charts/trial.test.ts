import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CHART, chartTools, ROOT } from './render.ts'

const read = (file: string) => readFileSync(`${ROOT}k8s/${file}`, 'utf8')

interface Object {
  readonly kind: string
  readonly spec?: { readonly metrics?: readonly { readonly pods?: Metric; readonly external?: Metric }[] }
}
interface Metric {
  readonly metric: { readonly name: string }
}

test('the script of the trial cluster, read by its shell, has no mistake in its writing, and uses every file beside it', () => {
  const { status, stderr } = spawnSync('bash', ['-n', `${ROOT}k8s/trial.sh`], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const files = readdirSync(`${ROOT}k8s`).filter((file) => file !== 'README.md' && file !== 'trial.sh')
  assert.ok(files.length >= 7)
  for (const file of files) {
    assert.ok(read('trial.sh').includes(`k8s/${file}`), `trial.sh leaves out ${file}`)
    assert.ok(read('README.md').includes(`\`${file}\``), `the README leaves out ${file}`)
  }
})

test('our chart, with the values of the trial cluster, is what Kubernetes takes, and asks for metrics that the adapter serves', async () => {
  const { path, schemas, kubernetes } = await chartTools()
  const values = ['--values', `${ROOT}k8s/switchboard.yaml`]
  const kinds = ['--api-versions', 'monitoring.coreos.com/v1', '--kube-version', kubernetes]
  const options = { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const
  const input = execFileSync(path('helm'), ['template', 'switchboard', CHART, ...values, ...kinds], options)
  const location = `${schemas}/{{ .ResourceKind }}{{ .KindSuffix }}.json`
  const args = ['-strict', '-kubernetes-version', `${kubernetes}.0`, '-schema-location', location]
  const { status, stdout } = spawnSync(path('kubeconform'), args, { ...options, input })
  assert.equal(status, 0, stdout)
  const objects = JSON.parse(execFileSync(path('manifests'), ['json'], { ...options, input })) as Object[]
  const asked = objects.flatMap(({ spec }) => spec?.metrics ?? [])
  const { rules } = JSON.parse(read('prometheus-adapter.json')) as { rules: Record<'custom' | 'external', object> }
  const pods = new Set(asked.flatMap(({ pods }) => pods?.metric.name ?? []))
  const external = new Set(asked.flatMap(({ external }) => external?.metric.name ?? []))
  assert.deepEqual([pods.size, external.size], [2, 1])
  for (const name of pods) assert.ok(JSON.stringify(rules.custom).includes(name), `no rule serves ${name}`)
  for (const name of external) assert.ok(JSON.stringify(rules.external).includes(name), `no rule serves ${name}`)
})
