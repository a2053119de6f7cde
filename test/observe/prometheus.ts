import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '@switchboard/testkit/child'
import { freePort } from '@switchboard/testkit/ports'
import { observePrograms } from '../../tools/observe/programs.ts'

const READY_MS_MAX = 60_000

/** Where metrics are read, with the labels that a cluster would give. */
export interface Target {
  readonly address: string
  readonly labels: Readonly<Record<string, string>>
}

export interface RuleState {
  readonly name: string
  /** As Prometheus understood it. */
  readonly query: string
  readonly health: string
  readonly lastError?: string
}

export interface Prometheus extends AsyncDisposable {
  /** What a query finds now. @throws with Prometheus's own words for one that it does not understand. */
  query(expression: string): Promise<readonly unknown[]>
  rules(): Promise<readonly RuleState[]>
  /** Names of all metrics that any target told of, with a value or without. */
  names(): Promise<ReadonlySet<string>>
}

/** A real Prometheus, which looks every second. */
export async function startPrometheus(targets: readonly Target[], rules: string): Promise<Prometheus> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-prometheus-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const { prometheus } = await observePrograms((line) => console.log(line))
  const port = await freePort()
  writeFileSync(join(folder, 'rules.yaml'), rules)
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yaml'), JSON.stringify(configOf(targets)))
  const args = [
    `--config.file=${join(folder, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const child = stack.use(await startChild({ name: 'prometheus', command: prometheus, args, onLine: () => {} }))
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)
    const { status, data, error } = (await response.json()) as { status: string; data: never; error?: string }
    if (status !== 'success') throw new Error(`Prometheus: ${error}`)
    return data as unknown
  }
  await untilReady(`http://127.0.0.1:${port}/-/ready`, () => child.tail().join('\n'))
  const all = stack.move()
  return {
    query: async (expression) => {
      const { result } = (await ask(`query?query=${encodeURIComponent(expression)}`)) as { result: unknown[] }
      return result
    },
    rules: async () => {
      const found = (await ask('rules')) as { groups: readonly { readonly rules: readonly RuleState[] }[] }
      return found.groups.flatMap(({ rules }) => rules)
    },
    names: async () => new Set(Object.keys((await ask('metadata')) as object)),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

const configOf = (targets: readonly Target[]) => ({
  global: { scrape_interval: '1s', evaluation_interval: '1s' },
  rule_files: ['rules.yaml'],
  scrape_configs: [
    {
      job_name: 'switchboard',
      honor_labels: true,
      static_configs: targets.map(({ address, labels }) => ({ targets: [address], labels })),
    },
  ],
})

async function untilReady(url: string, tail: () => string): Promise<void> {
  const until = performance.now() + READY_MS_MAX
  for (;;) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    if (performance.now() > until) throw new Error(`Prometheus is not ready: ${tail()}`)
  }
}
