import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { type Stage, stage, token } from './edge-fixture.ts'
import { eventually } from './eventually.ts'
import { RawClient } from './raw-client.ts'
import { frame, OPCODE, RawSocket, upgrade } from './raw-socket.ts'

let here: Stage
let neighbour: RawClient
before(async () => {
  here = await stage()
  await here.world.room('f1', ['nea'])
  neighbour = await RawClient.connected(here.edge.url, await token('nea'))
})
after(async () => {
  neighbour[Symbol.dispose]()
  await here[Symbol.asyncDispose]()
})

/** A connected client that may send what it likes. */
async function hostile(user = 'eve'): Promise<RawSocket> {
  const raw = await RawSocket.upgraded(here.edge.url)
  raw.write(frame(OPCODE.text, JSON.stringify({ id: 1, connect: { token: await token(user) } })))
  await raw.until('the connect reply', () => raw.received.includes('"connect"'))
  raw.received = Buffer.alloc(0)
  return raw
}

const closes = (reason: string) => here.edge.metric('switchboard_edge_closes_total', `reason="${reason}"`)

/** Only the offender has ended: the neighbour is answered, and gets what happens. */
async function lives(): Promise<void> {
  const seen = neighbour.offsets('room:f1').length
  await here.world.messages('f1', ['still here'])
  await neighbour.until('a message', () => neighbour.offsets('room:f1').length === seen + 1)
  assert.equal(neighbour.closed, undefined)
}

const floods: [name: string, one: Buffer, count: number][] = [
  ['pings', frame(OPCODE.ping), MAX.framesBurst * 2],
  ['pings with a payload', frame(OPCODE.ping, 'x'.repeat(125)), MAX.framesBurst * 2],
  ['unasked pongs', frame(10), MAX.framesBurst * 2],
  ['empty frames', frame(OPCODE.text), MAX.framesBurst * 2],
  ['frames of one line break', frame(OPCODE.text, '\n'), MAX.framesBurst * 2],
  ['frames of as many line breaks as may be', frame(OPCODE.text, '\n'.repeat(MAX.frameCommands)), MAX.framesBurst * 2],
  ['answers to no ping', frame(OPCODE.text, '{}'), MAX.framesBurst * 2],
]

for (const [name, one, count] of floods) {
  test(`a flood of ${name}, then that connection ends for good, and is read no more`, async () => {
    const before = await closes('flood')
    using raw = await hostile()
    const part = Buffer.concat(
      Array.from({ length: Math.max(1, Math.min(count, Math.floor(65_536 / one.length))) }, () => one),
    )
    const parts = Math.ceil((count * one.length) / part.length)
    const isOver = () => raw.closeCode !== undefined || raw.isClosed
    for (let i = 0; i < parts && !isOver(); i += 1) {
      if (!raw.write(part)) await raw.until('room to write', () => !raw.socket.writableNeedDrain || isOver())
    }
    await raw.until('the end', isOver)
    assert.equal(raw.closeCode, 3506)
    assert.equal(await closes('flood'), before + 1)
    await lives()
  })
}

test('a ping now and then, then it is answered with what it carried', async () => {
  using raw = await hostile()
  raw.write(frame(OPCODE.ping, 'ahoy'))
  await raw.until('the pong', () => raw.received.includes(Buffer.from([0x8a, 4, ...Buffer.from('ahoy')])))
  await lives()
})

test('pings from one who reads nothing, then no pongs pile up, and it is cut', async () => {
  using raw = await hostile()
  raw.socket.pause()
  const part = Buffer.concat(Array.from({ length: 500 }, () => frame(OPCODE.ping, 'x'.repeat(125))))
  const before = await here.edge.metric('switchboard_edge_connections')
  for (let i = 0; i < 100; i += 1) raw.write(part)
  await eventually(
    'cut',
    () => here.edge.metric('switchboard_edge_connections'),
    (count) => count === before - 1,
  )
  assert.ok((await here.edge.metric('switchboard_edge_outbox_bytes')) < MAX.outboxBytes)
  await lives()
})

const broken: [name: string, bytes: Buffer, code: number, reason: string][] = [
  [
    'a message in a thousand empty fragments',
    Buffer.concat([
      frame(OPCODE.text, '', { fin: false }),
      ...Array.from({ length: 1_000 }, () => frame(OPCODE.more, '', { fin: false })),
    ]),
    1008,
    'flood',
  ],
  [
    'a message in fragments of one byte',
    Buffer.concat([
      frame(OPCODE.text, '{', { fin: false }),
      ...Array.from({ length: 1_000 }, () => frame(OPCODE.more, ' ', { fin: false })),
    ]),
    1008,
    'flood',
  ],
  ['a frame of nothing but line breaks', frame(OPCODE.text, '\n'.repeat(60_000)), 3501, 'bad_request'],
  [
    'a compressed frame, which was not agreed',
    frame(OPCODE.text, Buffer.alloc(50), { compressed: true }),
    1002,
    'bad_request',
  ],
  ['a frame without a mask', frame(OPCODE.text, '{}', { masked: false }), 1002, 'bad_request'],
  ['a reserved opcode', frame(3, 'x'), 1002, 'bad_request'],
  [
    'a message above its limit, in fragments',
    Buffer.concat([
      frame(OPCODE.text, 'x'.repeat(60_000), { fin: false }),
      ...Array.from({ length: 5 }, () => frame(OPCODE.more, 'x'.repeat(60_000), { fin: false })),
    ]),
    1009,
    'frame_too_large',
  ],
]

for (const [name, bytes, code, reason] of broken) {
  test(`${name}, then that connection ends with ${code}, counted as ${reason}`, async () => {
    const before = await closes(reason)
    using raw = await hostile()
    raw.write(bytes)
    await raw.ended()
    assert.equal(raw.closeCode, code)
    assert.equal(await closes(reason), before + 1)
    await lives()
  })
}

test('connections of one address that never say who they are, then it gets no more, and others do', async () => {
  const edge = await here.start({ env: { PROXY_HOPS: '1' } })
  const from = (address: string) => RawSocket.upgraded(edge.url, { 'X-Forwarded-For': address })
  const refusals = () => edge.metric('switchboard_edge_admission_refusals_total', 'cause="address"')
  const mute: RawSocket[] = []
  try {
    for (let i = 0; i < MAX.addressUnauthenticated; i += 1) {
      const raw = new RawSocket(edge.url)
      mute.push(raw)
      // A whole household of IPv6 counts as one.
      raw.write(upgrade({ 'X-Forwarded-For': `2001:db8:0:1::${i.toString(16)}` }))
    }
    await Promise.all(mute.map((raw) => raw.until('open', () => raw.received.includes('\r\n\r\n'))))
    assert.deepEqual([...new Set(mute.map(({ status }) => status))], [101])
    using refused = await from('2001:db8:0:1:ffff::1')
    assert.equal(refused.status, 503)
    assert.match(refused.received.toString(), /\r\nretry-after: [1-5]\r\n/i)
    assert.equal(await refusals(), 1)
    using other = await from('2001:db8:0:2::1')
    assert.equal(other.status, 101)
    mute[0]?.socket.destroy()
    using next = await eventually(
      'a place',
      () => from('2001:db8:0:1::1'),
      ({ status }) => status === 101,
    )
    assert.equal(next.status, 101)
  } finally {
    for (const raw of mute) raw.socket.destroy()
  }
})
