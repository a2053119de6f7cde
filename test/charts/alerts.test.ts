import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ALERT_CASES, type AlertCase, type Series } from './alert-cases.ts'
import { chartTools, type Manifest, type Rule, render } from './render.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchboard-rules-'))
let rules: readonly Rule[] = []
let promtool = ''

/** The rules as Prometheus gets them, out of the chart. JSON is YAML. */
before(async () => {
  promtool = (await chartTools()).promtool
  const isRule = ({ kind }: Manifest) => kind === 'PrometheusRule'
  const { groups = [] } = (await render('ha')).find(isRule)?.spec ?? {}
  rules = groups.flatMap((group) => group.rules)
  writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ groups }))
  // Without sentences: those hold values, and are checked by themselves.
  const bare = rules.map(({ annotations: _, ...rule }) => rule)
  writeFileSync(join(folder, 'bare.yaml'), JSON.stringify({ groups: [{ name: 'bare', rules: bare }] }))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const run = (...args: string[]) => spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' })

test('alerts, all of them, are rules that Prometheus takes', () => {
  const { status, stdout, stderr } = run('check', 'rules', 'rules.yaml')
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, new RegExp(`${rules.length} rules found`))
})

test('alerts, each of them, lead to their section of the runbook', () => {
  for (const { alert, annotations } of rules) {
    assert.equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`)
    assert.equal(annotations.runbook_url, `https://example.com/runbooks#${alert.toLowerCase()}`)
    assert.match(annotations.summary ?? '', /\.$/)
  }
})

test('alerts, each of them, have a case', () => {
  assert.deepEqual(Object.keys(ALERT_CASES).sort(), rules.map(({ alert }) => alert).sort())
})

const inputs = (series: Series) => Object.entries(series).map(([name, values]) => ({ series: name, values }))

/** One case in the words of promtool: rings in time, did not ring at once, and stays quiet on the other series. */
function testsOf(alertname: string, { rings, quiet, minutes, labels }: AlertCase): object[] {
  const severity = (rules.find(({ alert }) => alert === alertname) as { labels?: object } | undefined)?.labels
  const expect = (minute: number, exp_alerts: object[]) => ({ eval_time: `${minute}m`, alertname, exp_alerts })
  const interval = '1m'
  return [
    {
      interval,
      input_series: inputs(rings),
      alert_rule_test: [expect(1, []), expect(minutes, [{ exp_labels: { ...labels, ...severity } }])],
    },
    { interval, input_series: inputs(quiet), alert_rule_test: [expect(minutes, [])] },
  ]
}

for (const [alert, one] of Object.entries(ALERT_CASES)) {
  test(`the alert ${alert}, on made-up series, rings when it should, not before, and not for nearly the same`, () => {
    const file = `${alert}.yaml`
    const tests = testsOf(alert, one)
    writeFileSync(join(folder, file), JSON.stringify({ rule_files: ['bare.yaml'], evaluation_interval: '1m', tests }))
    const { status, stdout, stderr } = run('test', 'rules', file)
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /SUCCESS/)
  })
}
