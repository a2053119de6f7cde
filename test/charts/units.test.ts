import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CHART, chartTools, refusalOf } from './render.ts'

const SUITES = readdirSync(`${CHART}/tests`).filter((file) => file.endsWith('_test.yaml'))

test('the suites of the chart, run by helm-unittest, pass, all of them', async () => {
  const { path } = await chartTools()
  const { status, stdout, stderr } = spawnSync(path('helm-unittest'), ['--strict', CHART], { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, new RegExp(`Test Suites: ${SUITES.length} passed, ${SUITES.length} total`))
  assert.match(stdout, /Tests: {7}[4-9]\d passed/)
})

test('the chart, linted, is as Helm wants it', async () => {
  const { path } = await chartTools()
  const args = ['lint', '--strict', CHART, '--set', 'evaluation.enabled=true', '--kube-version', '1.35']
  const { status, stdout, stderr } = spawnSync(path('helm'), args, { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})

test('contradictions, each sentence of them, have a case in which it is said', async () => {
  const sentences = [...readFileSync(`${CHART}/templates/validate.yaml`, 'utf8').matchAll(/\{\{- fail /g)].length
  const cases = [...readFileSync(`${CHART}/tests/validate_test.yaml`, 'utf8').matchAll(/failedTemplate/g)].length
  assert.ok(sentences >= 15)
  assert.ok(cases >= sentences, `${sentences} sentences and ${cases} cases`)
  assert.equal(await refusalOf([]), '')
})
