import type { PushRecord } from '@switchboard/contracts/records'

/** Alice's message number `seq` for Bob's phone. */
export const pushOf = (seq: number): PushRecord => ({
  room: 'lobby',
  room_title: 'Lobby',
  room_kind: 'group',
  seq,
  log_seq: seq * 10,
  at: 1_000,
  due_at: 4_000,
  from: 'alice',
  from_name: 'Alice',
  text: 'Hello',
  user: 'bob',
  badge: 2,
  device: { device: 'phone', user: 'bob', provider: 'apns', target: { token: 'ab' }, registered_at: 500 },
})
