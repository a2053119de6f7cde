import type { Facts } from './facts.ts'
import type { Push } from './records.ts'
import { isMemberAt } from './rooms.ts'

/** G6: to members who did not write it, once, and not when it was read. */
export function checkPushes(facts: Facts): void {
  const owners = new Map<string, string>()
  const shown = new Map<string, Push[]>()
  const wasReadMs = readTimes(facts)
  for (const record of facts.records) {
    if (record.type === 'device') owners.set(record.target, record.user)
    if (record.type !== 'push') continue
    const user = owners.get(record.target)
    if (user === undefined) {
      facts.findings.add('push-to-stranger', `a push for ${record.room} went to a device of nobody`, [record])
      continue
    }
    checkWho(facts, user, record)
    checkRead(facts, { user, push: record, wasReadMs })
    if (record.shown) checkOnce(facts, shown, record)
  }
}

function checkWho({ rooms, findings }: Facts, user: string, push: Push): void {
  const room = rooms.get(push.room)
  const observed = room?.events.get(push.seq)
  const name = `${push.room}: the push for event ${push.seq}`
  if (!room || !observed || observed.event.type !== 'message') {
    // A room that nobody read at the end has its own finding, and what it holds is not known.
    if (room && room.finals.length > 0)
      findings.add('push-to-stranger', `${name}, which is no message, went to ${user}`, [push])
  } else if (observed.event.from === user)
    findings.add('push-to-sender', `${name} went to ${user}, who wrote it`, [push])
  else if (!isMemberAt(room, user, push.seq))
    findings.add('push-to-stranger', `${name} went to ${user}, who was no member`, [push])
}

/** One replay is right where the first may have got no answer: whoever sent it, or the way to the provider, was broken. */
const MAY_LOSE_ANSWER = /notifier|apns|fcm|webpush/

function checkOnce({ findings, faults }: Facts, shown: Map<string, Push[]>, push: Push): void {
  const key = `${push.target} ${push.room} ${push.seq}`
  const before = shown.get(key) ?? []
  shown.set(key, [...before, push])
  const [first] = before
  if (!first) return
  const isUnanswered =
    first.status === 0 ||
    faults.some(
      ({ fault, beginMs, endMs }) =>
        MAY_LOSE_ANSWER.test(fault.target) && beginMs - 1_000 <= first.atMs && first.atMs <= endMs + 1_000,
    )
  if (isUnanswered && before.length === 1) return
  const message = `${push.room}: event ${push.seq} was shown ${before.length + 1} times on ${push.target}`
  findings.add('push-twice', message, [...before, push])
}

interface ReadTimes {
  /** When it was first acknowledged that a user had read up to `seq`. */
  firstAt(user: string, room: string, seq: number): number | undefined
}

function readTimes({ operations }: Facts): ReadTimes {
  const rising = new Map<string, { atMs: number; read: number }[]>()
  const acked = operations.all.filter(({ answer }) => answer?.outcome === 'ok')
  for (const { invoke, answer } of acked.sort((a, b) => (a.answer?.atMs ?? 0) - (b.answer?.atMs ?? 0))) {
    const { operation, user } = invoke
    // Whoever writes has read what stands above.
    const read = operation.name === 'read' ? answer?.read : operation.name === 'send' ? answer?.seq : undefined
    if (typeof read !== 'number' || answer === undefined || operation.name === 'create') continue
    const key = `${user} ${operation.room}`
    const known = rising.get(key) ?? []
    rising.set(key, known)
    if (read > (known.at(-1)?.read ?? 0)) known.push({ atMs: answer.atMs, read })
  }
  return {
    firstAt(user, room, seq) {
      const known = rising.get(`${user} ${room}`) ?? []
      let low = 0
      let high = known.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((known[middle]?.read ?? 0) >= seq) high = middle
        else low = middle + 1
      }
      return known[low]?.atMs
    },
  }
}

/** It is asked once more when a push is due, and once it is on its way nothing calls it back; a fault holds it up. */
function checkRead(facts: Facts, { user, push, wasReadMs }: { user: string; push: Push; wasReadMs: ReadTimes }): void {
  const readMs = wasReadMs.firstAt(user, push.room, push.seq)
  if (readMs === undefined || push.atMs <= readMs + facts.options.pushMarginMs) return
  const lateMs = push.atMs - readMs - faultMs(facts, readMs, push.atMs)
  if (lateMs <= facts.options.pushMarginMs) return
  const afterMs = Math.round(push.atMs - readMs)
  const message = `${push.room}: a push for event ${push.seq} reached ${user} ${afterMs} ms after they had read it`
  facts.findings.add('push-after-read', message, [push])
}

/** For how long of this time any fault was on. */
function faultMs({ faults }: Facts, fromMs: number, toMs: number): number {
  let sum = 0
  let reachedMs = fromMs
  for (const { beginMs, endMs } of faults) {
    const begin = Math.max(beginMs, reachedMs)
    const end = Math.min(endMs, toMs)
    if (end <= begin) continue
    sum += end - begin
    reachedMs = end
  }
  return sum
}
