import assert from 'node:assert/strict'
import type { PushServers } from '@switchboard/testkit/push-servers'
import { Centrifuge } from 'centrifuge'
import { api, type FlowSystem, logIn, Person } from '../flow/flow-fixture.ts'

export const KEY = 'key-of-this-test'

/** A room of two: messages, a repeated one, a refused one, typing, a read mark, history, a reconnect, a push to two phones. */
async function chat({ url }: FlowSystem, phones: PushServers): Promise<void> {
  const [aliceToken = '', bobToken = ''] = await Promise.all(['alice', 'bob'].map((user) => logIn(url, user)))
  for (const [device, body] of Object.entries({ iphone: phones.device.apns(), pixel: phones.device.fcm() })) {
    const { status } = await api(url, { method: 'PUT', path: `/v1/devices/${device}`, token: bobToken, body })
    assert.equal(status, 204)
  }
  using alice = await new Person(url, aliceToken).connect()
  const made = { cid: 'observed', kind: 'group', title: 'Observed', members: ['bob'] }
  const { room } = await alice.rpc<{ room: string }>('room.create', made)
  const send = (cid: string) => alice.rpc('message.send', { cid: cid.replaceAll(' ', '-'), room, text: cid })
  await Promise.all(Array.from({ length: 30 }, (_, i) => send(`message-${i}`)))
  await send('message-1')
  await assert.rejects(alice.rpc('message.edit', { cid: 'wrong', room, seq: 9_999, text: 'nothing there' }))
  await alice.rpc('room.typing', { room })
  const again = (endpoint: string, token: string) =>
    new Centrifuge(endpoint, { token, websocket: WebSocket, minReconnectDelay: 1, maxReconnectDelay: 1 })
  using bob = await new Person(url, bobToken, again).connect()
  await bob.until('his room', () => bob.subscribed.some(({ channel }) => channel === `room:${room}`))
  await bob.rpc('mark.read', { room, seq: 5 })
  bob.client.disconnect()
  await send('while he is away')
  await bob.connect()
  await bob.until('what he missed', () => bob.messages(`room:${room}`).some(({ text }) => text === 'while he is away'))
  bob.client.disconnect()
  await send('when he has gone')
  const history = await api(url, { path: `/v1/rooms/${room}/events?after_seq=0`, token: bobToken })
  assert.equal(history.status, 200)
}

/** A visitor who is answered, and one who leaves before. */
async function consult({ url }: FlowSystem): Promise<void> {
  const headers = { 'x-api-key': KEY }
  const desk = 'observed'
  await api(url, { method: 'POST', path: '/v1/desks', headers, body: { desk, title: 'D' } })
  await api(url, { method: 'PUT', path: `/v1/desks/${desk}/agents/alice`, headers, body: { capacity: 1 } })
  using agent = await new Person(url, await logIn(url, 'alice')).connect()
  const visit = async (cid: string) => {
    const { body } = await api(url, { method: 'POST', path: '/v1/visitors', body: { desk } })
    const visitor = await new Person(url, body.token).connect()
    return { visitor, ...(await visitor.rpc<{ conversation: string }>('desk.enter', { cid, desk })) }
  }
  const first = await visit('first')
  using _first = first.visitor
  const second = await visit('second')
  using _second = second.visitor
  await second.visitor.rpc('desk.leave', { cid: 'leave', conversation: second.conversation })
  await agent.rpc('desk.status', { cid: 'online', desk, status: 'online' })
  const offered = () => agent.all('user:alice').find(({ type }) => type === 'offer')
  await agent.until('an offer', () => offered() !== undefined)
  await agent.rpc('desk.accept', { cid: 'accept', offer: offered()?.offer })
}

export async function makeTraffic(flow: FlowSystem, phones: PushServers): Promise<void> {
  await chat(flow, phones)
  await consult(flow)
}
