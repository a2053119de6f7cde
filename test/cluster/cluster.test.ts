import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environment } from '@switchboard/runtime/settings'
import { chartPrograms } from '../../tools/charts/programs.ts'
import { placeOf } from './place.ts'
import { clusterRun } from './run.ts'

test('the chart, installed, rolled, hurt and taken away on a real cluster while bots chat, then every promise was kept', async (t) => {
  const log = (line: string) => t.diagnostic(line)
  const { path } = await chartPrograms(log)
  const { CLUSTER_ADDRESS, CLUSTER_CLASS, CLUSTER_REGISTRY, CLUSTER_TAG, CLUSTER_VALUES } = environment()
  const place = placeOf({
    helm: path('helm'),
    address: CLUSTER_ADDRESS ?? '',
    ingressClass: CLUSTER_CLASS ?? '',
    registry: CLUSTER_REGISTRY ?? '',
    tag: CLUSTER_TAG ?? 'local',
    values: CLUSTER_VALUES ?? '',
  })
  const seed = Math.floor(Math.random() * 1_000_000)
  t.diagnostic(`seed ${seed}`)
  assert.deepEqual(await clusterRun({ place, seed, quick: true, metrics: undefined, keep: false, log }), [])
})
