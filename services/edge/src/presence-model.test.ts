import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson, encodeJson } from '@switchboard/bus/core'
import type { PresenceRecord } from '@switchboard/contracts/records'
import { names } from '@switchboard/contracts/subjects'
import { PresenceView } from '@switchboard/domain/presence-view'
import fc from 'fast-check'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import { PresenceTable } from './presence-table.ts'
import { toPresence } from './to-presence.ts'

const NAMES = names('t')
const USERS = ['a', 'b', 'c'] as const
const EVENTS = new Proxy({}, { get: () => () => undefined }) as EdgeEvents

interface Socket {
  readonly user: string
  isLooking: boolean
}

/** An edge as it is, on a time and a network of the test's. */
class Edge {
  readonly table = new PresenceTable()
  readonly sockets: Socket[] = []
  /** What it has said and nobody has heard yet. */
  readonly said: PresenceRecord[] = []
  readonly id: string
  isCutOff = false
  #timers: { readonly ms: number; readonly then: () => void; at: number }[] = []
  #ask: () => void = () => {}
  #back: () => void = () => {}
  #nowMs = 0
  #presence: AsyncDisposable | undefined

  constructor(id: string) {
    this.id = id
  }

  async begin(): Promise<this> {
    const clock = {
      every: (ms: number, then: () => void) => {
        const timer = { ms, then, at: this.#nowMs + ms }
        this.#timers.push(timer)
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer)
        }
      },
    }
    const bus = {
      names: NAMES,
      log: { debug: () => {}, warn: () => {} },
      onReconnect: (then: () => void) => {
        this.#back = then
        return () => {}
      },
      acked: { publish: async () => ({ kind: 'stored', seq: 1 }) },
      nc: {
        // What is said to nobody is lost.
        publish: (_: string, data: Uint8Array) => void (this.isCutOff || this.said.push(decodeJson(data))),
        subscribe: (_: string, { callback }: { callback: () => void }) => {
          this.#ask = callback
          return { unsubscribe: () => {} }
        },
      },
    }
    const parts = { edge: this.id, table: this.table, clock: clock as unknown as Clock, events: EVENTS }
    this.#presence = await toPresence(bus as unknown as Bus, parts)
    return this
  }

  pass(ms: number): void {
    this.#nowMs += ms
    for (const timer of this.#timers)
      for (; timer.at <= this.#nowMs; timer.at += timer.ms) if (timer.at + timer.ms > this.#nowMs) timer.then()
  }

  asked(): void {
    if (!this.isCutOff) this.#ask()
  }

  cut(isCutOff: boolean): void {
    const isBack = this.isCutOff && !isCutOff
    this.isCutOff = isCutOff
    if (isBack) this.#back()
  }

  join(user: string): void {
    this.sockets.push({ user, isLooking: true })
    this.table.add(user)
  }

  leave(which: number): void {
    const [socket] = this.sockets.splice(which % Math.max(1, this.sockets.length), 1)
    if (socket) this.table.remove(socket.user, socket.isLooking)
  }

  look(which: number): void {
    const socket = this.sockets[which % Math.max(1, this.sockets.length)]
    if (!socket) return
    socket.isLooking = !socket.isLooking
    this.table.setForeground(socket.user, socket.isLooking)
  }

  lineOf(user: string): { isOnline: boolean; isLooking: boolean } {
    const own = this.sockets.filter((one) => one.user === user)
    return { isOnline: own.length > 0, isLooking: own.some(({ isLooking }) => isLooking) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#presence?.[Symbol.asyncDispose]()
  }
}

function hear(view: PresenceView, edge: Edge, count: number): void {
  for (const record of edge.said.splice(0, count)) view.apply(record)
}

interface Step {
  readonly what: 'join' | 'leave' | 'look' | 'hear' | 'gather' | 'long' | 'ask' | 'cut' | 'back' | 'lapse'
  readonly edge: number
  readonly user: string
  readonly which: number
}

function act(view: PresenceView, edge: Edge, { what, user, which }: Step): void {
  if (what === 'join') edge.join(user)
  else if (what === 'leave') edge.leave(which)
  else if (what === 'look') edge.look(which)
  else if (what === 'hear') hear(view, edge, 1 + which)
  else if (what === 'gather') edge.pass(50)
  else if (what === 'long') edge.pass(30_000)
  else if (what === 'ask') edge.asked()
  else if (what === 'lapse') view.edgeGone(edge.id)
  else edge.cut(what === 'cut')
}

const KINDS = [
  'join',
  'join',
  'leave',
  'look',
  'hear',
  'hear',
  'gather',
  'gather',
  'long',
  'ask',
  'cut',
  'back',
  'lapse',
]
const step = fc.record({
  what: fc.constantFrom(...(KINDS as Step['what'][])),
  edge: fc.nat(2),
  user: fc.constantFrom(...USERS),
  which: fc.nat(4),
})

/** Who is online and who looks, as the edges themselves know. */
function checkLines(view: PresenceView, edges: readonly Edge[]): void {
  for (const user of USERS) {
    const lines = edges.map((edge) => edge.lineOf(user))
    const { sockets, foreground } = view.of(user)
    assert.equal(
      sockets > 0,
      lines.some(({ isOnline }) => isOnline),
      `${user} is online`,
    )
    assert.equal(
      foreground > 0,
      lines.some(({ isLooking }) => isLooking),
      `${user} looks`,
    )
  }
}

/** The leases are seen, and edges that must be asked are asked. */
function look(view: PresenceView, edges: readonly Edge[]): void {
  for (const { id } of edges) view.edgeAlive(id)
  if (edges.some(({ id }) => view.lacks(id))) for (const edge of edges) edge.asked()
}

test('connections that come, go and look at three edges, words late or lost in a cut, then all is known once they are heard', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
      await using stack = new AsyncDisposableStack()
      const edges: Edge[] = []
      for (const id of ['e1', 'e2', 'e3']) edges.push(stack.use(await new Edge(id).begin()))
      const view = new PresenceView()
      look(view, edges)
      for (const one of steps) {
        const edge = edges[one.edge]
        if (edge) act(view, edge, one)
      }
      // The network is whole again, and what was gathered is said: nothing waits for the next repeat.
      for (const edge of edges) edge.cut(false)
      look(view, edges)
      for (const edge of edges) edge.pass(50)
      for (const edge of edges) hear(view, edge, Number.POSITIVE_INFINITY)
      checkLines(view, edges)
      for (const edge of edges) edge.pass(30_000)
      for (const edge of edges) hear(view, edge, Number.POSITIVE_INFINITY)
      for (const user of USERS) {
        const own = edges.flatMap(({ sockets }) => sockets.filter((one) => one.user === user))
        const foreground = own.filter(({ isLooking }) => isLooking).length
        assert.deepEqual(view.of(user), { sockets: own.length, foreground }, `${user}, counted`)
      }
      for (const edge of edges) {
        edge.pass(50)
        assert.deepEqual(edge.said, [], 'said again, though nothing changed')
        const present = new Set(edge.sockets.map(({ user }) => user))
        assert.equal(edge.table.whole().length, present.size, 'those who went are remembered')
      }
    }),
    { numRuns: 200 },
  )
})

test('an edge with more people than one record holds, then all of them are known, and each record fits a message', async () => {
  await using edge = await new Edge('e1').begin()
  const view = new PresenceView()
  view.edgeAlive('e1')
  for (let number = 0; number < 12_001; number += 1) edge.join(`user${number}`)
  edge.asked()
  const sizes = edge.said.map((record) => encodeJson(record).byteLength)
  assert.ok(Math.max(...sizes) < 512 * 1_024, `${Math.max(...sizes)} bytes`)
  hear(view, edge, Number.POSITIVE_INFINITY)
  assert.equal(view.size.users, 12_001)
  while (edge.sockets.length > 6_000) edge.leave(edge.sockets.length - 1)
  edge.asked()
  hear(view, edge, Number.POSITIVE_INFINITY)
  assert.equal(view.size.users, 6_000)
})
