import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { subscribe } from '@switchboard/bus/core'
import type { ConversationStatus } from '@switchboard/contracts/desks'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import type { DeskCommand } from '@switchboard/contracts/records'
import { within } from '@switchboard/runtime/deadline'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { type Fixture, logOf, routerFixture } from './router-fixture.ts'

const WAIT_MS = 30_000
let servers: Servers
before(async () => {
  servers = await startServers()
})
after(() => servers[Symbol.asyncDispose]())

/** Resolves with the log of an entity when it is as wanted; looked at after each of its entries. */
async function logUntil(
  { bus }: Fixture,
  entity: { kind: EntityKind; id: string },
  wanted: (events: readonly AnyEvent[]) => boolean,
): Promise<AnyEvent[]> {
  const there = Promise.withResolvers<AnyEvent[]>()
  const look = async () => {
    const events = await logOf(bus, entity.kind, entity.id)
    if (wanted(events)) there.resolve(events)
  }
  const live = subscribe(bus, bus.names.live(entity.kind, entity.id), () => void look().catch(there.reject))
  try {
    await bus.nc.flush()
    await look()
    return await within(WAIT_MS, there.promise, `${entity.kind} ${entity.id}`)
  } finally {
    live.unsubscribe()
  }
}

let cids = 0
const tell = (fixture: Fixture, [method, from]: [DeskCommand['method'], string], body: object) => {
  cids += 1
  return fixture.tell('d1', { method, from, cid: `c${cids}`, body })
}

async function openDesk(fixture: Fixture, settings: object = {}): Promise<ConversationStatus> {
  await tell(fixture, ['desk.put', 'root'], { settings: { title: 'D', ...settings }, create: true })
  for (const user of ['ann', 'ben']) {
    await tell(fixture, ['desk.put-agent', 'root'], { user, capacity: 1 })
    await tell(fixture, ['desk.status', user], { desk: 'd1', status: 'online' })
  }
  return (await tell(fixture, ['desk.enter', 'vera'], { desk: 'd1', form: { name: 'Vera' } })) as ConversationStatus
}

const typesOf = (events: readonly AnyEvent[]) =>
  events.map((event) => ('user' in event ? `${event.type} ${event.user}` : event.type))

test('a visitor enters, then an agent is asked, and the rooms follow what the desk decides', async () => {
  await using fixture = await routerFixture(servers)
  await fixture.router()
  const { conversation } = await openDesk(fixture)
  const [offer] = await logUntil(fixture, { kind: 'user', id: 'ann' }, (events) =>
    events.some(({ type }) => type === 'offer'),
  )
  assert.ok(offer?.type === 'offer' && offer.conversation === conversation)
  const accepted = (await tell(fixture, ['desk.accept', 'ann'], { offer: offer.offer })) as ConversationStatus
  assert.deepEqual([accepted.state, accepted.agent, accepted.revision], ['assigned', 'ann', 3])
  const room = await logUntil(fixture, { kind: 'room', id: conversation }, (events) => events.length === 4)
  assert.deepEqual(typesOf(room), ['room.created', 'conversation.queued', 'conversation.assigned', 'member.added ann'])
  const notes = await logUntil(fixture, { kind: 'room', id: `n-${conversation}` }, (events) => events.length === 5)
  assert.deepEqual(typesOf(notes), [
    ...['room.created', 'conversation.queued', 'conversation.details'],
    ...['conversation.assigned', 'member.added ann'],
  ])
  await logUntil(
    fixture,
    { kind: 'user', id: 'ann' },
    (events) => typesOf(events).filter((type) => type === 'room.added').length === 2,
  )
  const stale = await tell(fixture, ['desk.close', 'ann'], { conversation, revision: 2 })
  assert.ok('code' in stale && stale.code === 'conflict' && 'state' in stale)
})

test('a router stops while an offer waits, then the next one ends it in time and asks somebody else', async () => {
  await using fixture = await routerFixture(servers)
  const first = await fixture.router()
  const { conversation } = await openDesk(fixture, { offer_seconds: 5 })
  await first[Symbol.asyncDispose]()
  await fixture.router()
  const isOffer = (event: AnyEvent) => event.type === 'offer' && event.conversation === conversation
  await logUntil(fixture, { kind: 'user', id: 'ben' }, (events) => events.some(isOffer))
  const told = await logUntil(fixture, { kind: 'user', id: 'ann' }, (events) => events.length >= 2)
  assert.deepEqual(typesOf(told), ['offer', 'offer.gone'])
})

test('a conversation that has moved, then its old desk passes on what is sent to it', async () => {
  await using fixture = await routerFixture(servers)
  await fixture.router()
  await fixture.tell('d2', {
    method: 'desk.put',
    from: 'root',
    cid: 'd2',
    body: { settings: { title: 'E' }, create: true },
  })
  const { conversation } = await openDesk(fixture, { strategy: 'manual' })
  const about = { conversation, revision: 1 }
  await tell(fixture, ['desk.transfer', 'root'], { ...about, to: { desk: 'd2' }, note: 'theirs' })
  const isThere = (event: AnyEvent) => event.type === 'conversation.changed' && event.change === 'received'
  await logUntil(fixture, { kind: 'desk', id: 'd2' }, (events) => events.some(isThere))
  const left = (await tell(fixture, ['desk.leave', 'vera'], { conversation })) as ConversationStatus
  assert.deepEqual([left.desk, left.state, left.revision], ['d2', 'closed', 4])
})

const changeOf = (event: AnyEvent): string | undefined =>
  event.type === 'conversation.changed' ? `${event.change}${event.breached ? ` ${event.breached}` : ''}` : undefined

test('nobody answers in the time that a desk promises, then each promise is broken once, and is counted', async () => {
  await using fixture = await routerFixture(servers)
  await fixture.router()
  const promises = { strategy: 'manual', waiting_seconds: 1, first_reply_seconds: 1 }
  const { conversation, revision } = await openDesk(fixture, promises)
  const events = await logUntil(fixture, { kind: 'desk', id: 'd1' }, (all) =>
    all.map(changeOf).includes('breached first_reply'),
  )
  const breaches = events.filter((event) => event.type === 'conversation.changed' && event.change === 'breached')
  assert.deepEqual(breaches.map(changeOf), ['breached waiting', 'breached first_reply'])
  for (const event of breaches) {
    assert.ok(event.type === 'conversation.changed' && event.at >= event.conversation.entered_at + 1_000)
    assert.equal(event.conversation.revision, revision, 'whoever acts on what they saw may do so')
  }
  const picked = (await tell(fixture, ['desk.pick', 'ann'], { conversation, revision })) as ConversationStatus
  assert.deepEqual([picked.state, picked.agent], ['assigned', 'ann'])
})

test('a bot says nothing, and its router stops, then the next router gives the conversation to a person', async () => {
  await using fixture = await routerFixture(servers)
  const first = await fixture.router()
  await tell(fixture, ['desk.put', 'root'], { settings: { title: 'D', bot_seconds: 1 }, create: true })
  for (const user of ['bot', 'ann']) {
    await tell(fixture, ['desk.put-agent', 'root'], { user, bot: user === 'bot' })
    await tell(fixture, ['desk.status', user], { desk: 'd1', status: 'online' })
  }
  const entered = (await tell(fixture, ['desk.enter', 'vera'], { desk: 'd1' })) as ConversationStatus
  assert.deepEqual([entered.state, entered.agent, entered.revision], ['assigned', 'bot', 2])
  await first[Symbol.asyncDispose]()
  await fixture.router()
  await logUntil(fixture, { kind: 'user', id: 'ann' }, (all) => all.some(({ type }) => type === 'offer'))
  const { conversation: id } = entered
  const room = await logUntil(fixture, { kind: 'room', id }, (all) => all.some(({ type }) => type === 'member.removed'))
  assert.deepEqual(typesOf(room), [
    ...['room.created', 'conversation.queued', 'conversation.assigned', 'member.added bot'],
    ...['conversation.queued', 'member.removed bot'],
  ])
})
