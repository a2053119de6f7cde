import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PresenceRecord } from '@switchboard/contracts/records'
import fc from 'fast-check'
import { PresenceView } from './presence-view.ts'

const EDGES = ['e1', 'e2', 'e3'] as const
const USERS = ['a', 'b', 'c'] as const

/** What each edge last said, and which of them live: nothing is derived, everything is counted anew. */
class Model {
  readonly said = new Map<string, Map<string, [number, number]>>()
  readonly alive = new Set<string>()

  of(user: string) {
    const all = [...this.alive].map((edge) => this.said.get(edge)?.get(user) ?? [0, 0])
    return {
      sockets: all.reduce((sum, [sockets = 0]) => sum + sockets, 0),
      foreground: all.reduce((sum, [, foreground = 0]) => sum + foreground, 0),
    }
  }
}

type Step =
  | { readonly kind: 'record'; readonly record: PresenceRecord }
  | { readonly kind: 'alive'; readonly edge: string }
  | { readonly kind: 'gone'; readonly edge: string }

const edge = fc.constantFrom(...EDGES)
const entry = fc
  .tuple(fc.constantFrom(...USERS), fc.nat(3), fc.nat(3))
  .map(([user, sockets, foreground]) => [user, sockets, Math.min(sockets, foreground)] as const)
const record = fc.record({
  edge,
  whole: fc.boolean(),
  users: fc.uniqueArray(entry, { selector: ([user]) => user, maxLength: 3 }),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: record.map((one): Step => ({ kind: 'record', record: one })) },
  { weight: 2, arbitrary: edge.map((one): Step => ({ kind: 'alive', edge: one })) },
  { weight: 1, arbitrary: edge.map((one): Step => ({ kind: 'gone', edge: one })) },
)

function follow(model: Model, one: Step): void {
  if (one.kind === 'record') {
    const { edge: by, whole, users } = one.record
    const said = whole ? new Map<string, [number, number]>() : (model.said.get(by) ?? new Map())
    for (const [user, sockets, foreground] of users) said.set(user, [sockets, sockets === 0 ? 0 : foreground])
    model.said.set(by, said)
  } else if (one.kind === 'alive') model.alive.add(one.edge)
  else {
    model.alive.delete(one.edge)
    model.said.delete(one.edge)
  }
}

function act(view: PresenceView, one: Step): string[] {
  if (one.kind === 'record') return view.apply(one.record)
  return one.kind === 'alive' ? view.edgeAlive(one.edge) : view.edgeGone(one.edge)
}

test('the view, whatever edges say, begin and end in any order, counts what living edges said last', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const model = new Model()
      const view = new PresenceView()
      for (const one of steps) {
        const before = new Map(USERS.map((user) => [user, view.of(user)]))
        const told = act(view, one)
        follow(model, one)
        for (const user of USERS) {
          assert.deepEqual(view.of(user), model.of(user), `${user} after ${JSON.stringify(one)}`)
          const changed = JSON.stringify(before.get(user)) !== JSON.stringify(view.of(user))
          if (changed) assert.ok(told.includes(user), `${user} changed and was not told`)
        }
        assert.equal(view.size.edges, model.alive.size)
      }
    }),
    { numRuns: 500 },
  )
})

test('an edge, that dies, takes all its people with it at once', () => {
  const view = new PresenceView()
  view.edgeAlive('e1')
  view.apply({
    edge: 'e1',
    whole: true,
    users: [
      ['a', 2, 1],
      ['b', 1, 0],
    ],
  })
  assert.deepEqual(view.of('a'), { sockets: 2, foreground: 1 })
  assert.deepEqual(view.edgeGone('e1').sort(), ['a', 'b'])
  assert.deepEqual(view.of('a'), { sockets: 0, foreground: 0 })
  assert.deepEqual(view.size, { edges: 0, strangers: 0, users: 0 })
})

test('what an edge said, before its lease was seen, counts from the moment it is', () => {
  const view = new PresenceView()
  assert.deepEqual(view.apply({ edge: 'e1', whole: true, users: [['a', 1, 1]] }), [])
  assert.equal(view.of('a').sockets, 0)
  assert.deepEqual(view.edgeAlive('e1'), ['a'])
  assert.equal(view.of('a').sockets, 1)
})

test('last words of edges, that arrive behind the ends of their leases, are forgotten in the end', () => {
  const view = new PresenceView()
  for (let number = 0; number < 1_000; number += 1) {
    const edge = `e${number}`
    view.edgeAlive(edge)
    view.edgeGone(edge)
    view.apply({ edge, whole: false, users: [[`user${number}`, 1, 1]] })
  }
  assert.deepEqual(view.size, { edges: 0, strangers: 64, users: 64 })
})

test('an edge whose lease ran out and was taken anew, is asked for all it knows, and not once it has said that', () => {
  const view = new PresenceView()
  assert.equal(view.lacks('e1'), false)
  view.apply({ edge: 'e1', whole: true, users: [['a', 1, 1]] })
  view.edgeAlive('e1')
  assert.equal(view.lacks('e1'), false)
  view.edgeGone('e1')
  view.edgeAlive('e1')
  view.apply({ edge: 'e1', whole: false, users: [['b', 1, 1]] })
  assert.equal(view.lacks('e1'), true)
  view.apply({ edge: 'e1', whole: true, users: [['a', 1, 1]] })
  assert.equal(view.lacks('e1'), false)
})
