import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MANAGED, SERVICES, type Service, settingsOf } from '../../tools/charts/setting-values.ts'
import { componentOf, type EnvVar, type Manifest, ROOT, refusalOf, render, SCENARIOS } from './render.ts'

/** What a process of a pod gives itself: all addresses of the pod. */
const LEFT_ALONE = new Set(['OPERATOR_HOST', 'HOST'])

const envOf = (all: readonly Manifest[], service: Service): readonly EnvVar[] =>
  all.find((one) => one.kind === 'Deployment' && componentOf(one) === service)?.spec.template?.spec.containers[0]
    ?.env ?? []

for (const scenario of SCENARIOS) {
  test(`the environment of each service, for ${scenario}, is in its table of settings, each name once`, async () => {
    const all = await render(scenario)
    for (const service of SERVICES) {
      const table = await settingsOf(ROOT, service)
      const names = envOf(all, service).map(({ name }) => name)
      assert.ok(names.length >= 4, service)
      assert.deepEqual(
        names.filter((name) => !(name in table)),
        [],
        service,
      )
      assert.equal(new Set(names).size, names.length, service)
    }
  })

  test(`secrets of each service, for ${scenario}, come out of Secrets and nothing else does`, async () => {
    const all = await render(scenario)
    for (const service of SERVICES) {
      const table = await settingsOf(ROOT, service)
      for (const { name, value, valueFrom } of envOf(all, service)) {
        assert.equal(valueFrom !== undefined, table[name]?.secret === true, `${service} ${name}`)
        assert.equal(value === undefined, valueFrom !== undefined, `${service} ${name}`)
      }
    }
  })
}

test('every setting of every service can be set: by a value of its own, or by its name', async () => {
  const set = new Map<string, Set<string>>(SERVICES.map((service) => [service, new Set()]))
  for (const scenario of SCENARIOS) {
    const all = await render(scenario)
    for (const service of SERVICES) for (const { name } of envOf(all, service)) set.get(service)?.add(name)
  }
  for (const service of SERVICES) {
    const managed = Object.keys(await settingsOf(ROOT, service)).filter((name) => MANAGED.has(name))
    const never = managed.filter((name) => !set.get(service)?.has(name) && !LEFT_ALONE.has(name))
    assert.deepEqual(never, [], `${service}: no scenario sets these`)
  }
})

for (const [set, sentence] of [
  ['edge.replica=3', /edge.*replica/],
  ['edgee.replicas=3', /edgee/],
  ['edge.settings.PING_SECOND=5', /PING_SECOND/],
  ['edge.settings.PING_SECONDS=1', /PING_SECONDS/],
  ['edge.settings.PING_SECONDS=often', /PING_SECONDS/],
  ['router.settings.PING_SECONDS=20', /PING_SECONDS/],
  ['edge.settings.NATS_URL=x', /NATS_URL/],
  ['nats.namespace=a.b', /namespace/],
  ['autoscaling.engine=vpa', /engine/],
  ['router.autoscaling.max=65', /max/],
] as const) {
  test(`a value that is mistyped, ${set}, is refused by its name`, async () => {
    assert.match(await refusalOf([set]), sentence)
  })
}

test('a value that is right, set the same way, is taken', async () => {
  assert.equal(await refusalOf(['edge.replicas=3', 'edge.settings.PING_SECONDS=5', 'nats.namespace=a-b']), '')
})
