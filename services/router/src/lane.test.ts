import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import type { RoomSnapshot } from '@switchboard/contracts/queries'
import type { EntityCommand, MarkRecord, RoomCommand } from '@switchboard/contracts/records'
import { intentOfCommand } from '@switchboard/domain/intent'
import type { RouterEvents } from './events.ts'
import { Lane } from './lane.ts'
import type { LaneDeps } from './lane-deps.ts'
import type { Committed, Entry } from './to-log.ts'

const NOW_MS = 1_000_000
const owner = { user: 'o', role: 'owner', since_seq: 1, read: 1, read_n: 0 } as const
const snapshot: RoomSnapshot = {
  room: 'r1',
  kind: 'group',
  title: null,
  head: 1,
  n: 0,
  members: [owner],
  log_seq: 5,
  incarnation: 'i',
  input: 0,
  cids: [],
  cids_since: 0,
  cids_since_at: 0,
}
const command = (method: string, cid: string, body: object): RoomCommand =>
  ({ method, from: 'o', cid, body, reply: { edge: 'e', request: 1 } }) as unknown as RoomCommand
const add = command('room.add', 'c1', { user: 'a' })
const remove = command('room.remove', 'c2', { user: 'a' })

const unused = () => Promise.reject(new Error('not of this test'))
const UNUSED = {
  ...{ loadUser: unused, loadDesk: unused, findCids: unused, facts: unused },
  ...{ desks: unused, conversations: unused, caused: unused },
}

/** Lets promises that are ready go on. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A lane of one room whose world answers as it is told; unsaid, all is well. */
function start() {
  const told: (readonly ['ok' | 'no', unknown])[] = []
  const finished: number[] = []
  const written: Entry[] = []
  const effects: { cid: string; arrive: () => void }[] = []
  const marks: MarkRecord[] = []
  const signals: string[] = []
  const says = {
    mark: () => true,
    sure: true,
    load: (): RoomSnapshot | Refusal => snapshot,
    write: (): Committed => ({ kind: 'stored', logSeq: 6 + written.length }),
    newest: (): boolean | 'unknown' => true,
  }
  const retries: (() => void)[] = []
  const facts: LaneDeps['storage']['facts'] = async (_room, seqs) => ({
    facts: seqs.map((seq) => ({ seq, n: seq - 1, from: 'o', deleted: false, message: true })),
  })
  const deps: LaneDeps = {
    events: new Proxy({}, { get: () => () => {} }) as RouterEvents,
    storage: { ...UNUSED, loadRoom: async () => says.load(), facts },
    writeEntry: async (entry) => {
      written.push(entry)
      return says.write()
    },
    isNewest: async () => says.newest(),
    writeMark: async (mark) => {
      marks.push(mark)
      return says.mark()
    },
    sendEffects: async (all) => {
      for (const one of all) await new Promise<void>((arrive) => effects.push({ cid: one.command.cid, arrive }))
    },
    sendSignal: (kind, id) => signals.push(`${kind}:${id}`),
    replies: { ok: (_, ok) => told.push(['ok', ok]), no: (_, { code }) => told.push(['no', code]) },
    clock: {
      nowMs: () => NOW_MS,
      steadyMs: () => 0,
      beforeRetry: () => new Promise<void>((resolve) => retries.push(resolve)),
    },
  }
  const fenced: string[] = []
  const partition = new AbortController()
  const { signal } = partition
  const place = {
    kind: 'room',
    id: 'r1',
    incarnation: 'i',
    epoch: 'e',
    floor: () => 0,
    isSure: () => says.sure,
    signal,
  } as const
  const lane = new Lane(deps, { ...place, fenced: (entity) => fenced.push(entity) })
  const push = (one: EntityCommand, input: number, stale = false) =>
    lane.push({ command: one, input, stale, bury: unused, finish: () => finished.push(input) })
  const stop = () => partition.abort()
  return { lane, push, stop, told, finished, written, effects, says, retries, fenced, marks, signals }
}

test('a command that comes at the very moment in which a lane has done its work, then it is done as well', async () => {
  const DEPTHS = 30
  for (let depth = 0; depth < DEPTHS; depth += 1) {
    const { lane, push, finished, effects } = start()
    push(add, 1)
    // Whatever is ready goes on one step at a time, and the second command comes between any two of these steps.
    for (let step = 0; step < depth; step += 1) await Promise.resolve()
    push(remove, 2)
    await settle()
    for (const { arrive } of effects) arrive()
    await settle()
    for (const { arrive } of effects) arrive()
    await settle()
    assert.deepEqual([finished, lane.isIdle], [[1, 2], true], `after ${depth} steps`)
  }
})

test('a person goes in and out and the first word is slow, then the second waits for it', async () => {
  const { lane, push, effects, finished } = start()
  push(add, 1)
  push(remove, 2)
  await settle()
  assert.deepEqual([effects.map(({ cid }) => cid), lane.isIdle], [['r1:2'], false])
  effects[0]?.arrive()
  await settle()
  assert.deepEqual([effects.map(({ cid }) => cid), finished], [['r1:2', 'r1:3'], [1]])
  effects[1]?.arrive()
  await settle()
  assert.deepEqual([finished, lane.isIdle], [[1, 2], true])
})

test('a lane is fenced, then it takes nothing more, so that no later input hides what it left', async () => {
  const { push, says, written, fenced, told, finished } = start()
  says.write = () => ({ kind: 'fenced' })
  push(add, 1)
  await settle()
  says.write = () => ({ kind: 'stored', logSeq: 9 })
  push(remove, 2)
  await settle()
  assert.deepEqual([fenced, written.length, told, finished], [['room:r1'], 1, [], []])
})

test('a partition is given up before the log has said a word, then its client hears nothing from here and the next owner has it', async () => {
  const { push, says, effects, told, finished, stop } = start()
  says.write = () => {
    stop()
    return { kind: 'unknown' }
  }
  push(add, 1)
  push(remove, 2)
  await settle()
  assert.deepEqual([told, finished, effects], [[], [], []])
})

test('storage is away at a takeover, then clients are told at once, and what lies in the log already is not passed over', async () => {
  const { push, says, effects, told, finished, retries } = start()
  says.load = () => refuse('unavailable')
  push(add, 1)
  await settle()
  assert.deepEqual([told, finished], [[['no', 'unavailable']], []])
  const used = { from: 'o', cid: 'c1', seq: 2, at: NOW_MS, intent: intentOfCommand(add) }
  says.load = () => ({ ...snapshot, head: 2, log_seq: 6, input: 1, cids: [used] })
  push(remove, 2)
  retries[0]?.()
  await settle()
  assert.deepEqual(effects.map(({ cid }) => cid).at(0), 'r1:2')
})

test('storage is away and the command was never applied, then it is forgotten, as its client was told', async () => {
  const { push, says, told, finished, retries, written } = start()
  says.load = () => refuse('unavailable')
  push(add, 1)
  await settle()
  says.load = () => snapshot
  retries[0]?.()
  await settle()
  assert.deepEqual([told, finished, written], [[['no', 'unavailable']], [1], []])
})

test('a refusal from a state that is not the newest, then it is decided again on the newest', async () => {
  const { push, says, told, written } = start()
  const stranger = { ...command('message.send', 'm1', { text: 'Hi' }), from: 'a' } as RoomCommand
  let looks = 0
  says.newest = () => {
    looks += 1
    // Another router has let them in meanwhile.
    says.load = () => ({ ...snapshot, head: 2, log_seq: 6, members: [owner, { ...owner, user: 'a', since_seq: 2 }] })
    return looks > 1
  }
  push(stranger, 1)
  await settle()
  assert.deepEqual([told, written.length], [[['ok', { seq: 3, at: NOW_MS }]], 1])
})

test('the log cannot be read for a refusal, then the client is told to try again and not that it may not', async () => {
  const { push, says, told } = start()
  says.newest = () => 'unknown'
  push({ ...command('message.send', 'm1', { text: 'Hi' }), from: 'a' } as RoomCommand, 1)
  await settle()
  assert.deepEqual(told, [['no', 'unavailable']])
})

const read = (seq: number) => command('mark.read', '-', { seq })
const behind = { ...snapshot, head: 3, n: 2, members: [owner] }

test('somebody reads on two devices, then one mark is kept, and they and the room are told', async () => {
  const { push, says, told, marks, signals } = start()
  says.load = () => behind
  push(read(3), 1)
  push(read(3), 2)
  await settle()
  assert.deepEqual(
    marks.map(({ seq }) => seq),
    [3],
  )
  assert.deepEqual(signals, ['user:o', 'room:r1'])
  assert.deepEqual(told, [
    ['ok', { read: 3, unread: 0 }],
    ['ok', { read: 3, unread: 0 }],
  ])
})

test('a router that was stopped and is not sure of its partition, then it keeps no mark and tells nobody of one', async () => {
  const { push, says, told, marks, signals } = start()
  says.load = () => behind
  says.sure = false
  push(read(3), 1)
  await settle()
  assert.deepEqual([marks, signals, told], [[], [], [['no', 'unavailable']]])
})

test('a router is stopped while its mark is under way, then it tells nobody', async () => {
  const { push, says, told, signals } = start()
  says.load = () => behind
  says.mark = () => {
    says.sure = false
    return true
  }
  push(read(3), 1)
  await settle()
  assert.deepEqual([signals, told], [[], [['no', 'unavailable']]])
})
