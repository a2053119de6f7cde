import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHANNELS, type Channel, type Party } from '@switchboard/contracts/channels'
import { SERVICES, type Service } from '../../tools/charts/setting-values.ts'
import { componentOf, type Manifest, type PolicyRule, render, SCENARIOS } from './render.ts'

const NATS = 4222
const MONGODB = 27017
const HTTPS = 443
const TRACES = 4318
const NAMES = 53

const channels: readonly Channel[] = Object.values(CHANNELS)

/** Ports that a service reaches and that reach it, as its channels say. */
function declared(service: Service): { from: Set<string | number>; to: Set<string | number> } {
  const from = new Set<string | number>(['operator'])
  const to = new Set<string | number>([NAMES])
  const has = (parties: readonly Party[], party: Party) => parties.includes(party)
  for (const { subject, producers, consumers } of channels) {
    if (subject !== undefined && (has(producers, service) || has(consumers, service))) to.add(NATS)
    if (has(producers, 'client') && has(consumers, service)) from.add('http')
    if (has(producers, service) && has(consumers, 'database')) to.add(MONGODB)
    if (has(producers, service) && has(consumers, 'provider')) to.add(HTTPS)
  }
  return { from, to }
}

const portsOf = (rules: readonly PolicyRule[] = []): Set<string | number> =>
  new Set(rules.flatMap(({ ports }) => ports.map(({ port }) => port)))
const policyOf = (all: readonly Manifest[], service: string): Manifest | undefined =>
  all.find((one) => one.kind === 'NetworkPolicy' && componentOf(one) === service)

for (const scenario of ['hardened', 'single']) {
  test(`network policies, for ${scenario}, open what the channels say and nothing else`, async () => {
    const all = await render(scenario)
    for (const service of SERVICES) {
      const policy = policyOf(all, service)
      const { from, to } = declared(service)
      // A collector is no channel of ours: only who names one may reach it.
      if (scenario === 'hardened') to.add(TRACES)
      assert.deepEqual(portsOf(policy?.spec.ingress), from, `who reaches the ${service}`)
      assert.deepEqual(portsOf(policy?.spec.egress), to, `whom the ${service} reaches`)
    }
  })
}

test('network policies, hardened, name a peer wherever the inside of a cluster can be named', async () => {
  const all = await render('hardened')
  for (const service of SERVICES) {
    const { ingress = [], egress = [] } = policyOf(all, service)?.spec ?? {}
    for (const rule of ingress) assert.ok((rule.from ?? []).length > 0, `${service}: ${JSON.stringify(rule)}`)
    for (const rule of egress.filter(({ ports }) => ports.some(({ port }) => port === NATS || port === MONGODB)))
      assert.ok((rule.to ?? []).length > 0, `${service}: ${JSON.stringify(rule)}`)
  }
})

test('network policies, to try it out, let NATS and MongoDB be reached by those who use them', async () => {
  const all = await render('single')
  const clientsOf = (part: string) => JSON.stringify(policyOf(all, part)?.spec.ingress?.[0]?.from)
  assert.match(clientsOf('nats'), /\["edge","router","storage","notifier"\]/)
  assert.match(clientsOf('mongodb'), /\["storage"\]/)
  assert.deepEqual(policyOf(all, 'mongodb')?.spec.egress, [])
})

test('network policies, not asked for, are not there', async () => {
  assert.ok(SCENARIOS.includes('minimal'))
  assert.equal(
    (await render('minimal')).some(({ kind }) => kind === 'NetworkPolicy'),
    false,
  )
})
