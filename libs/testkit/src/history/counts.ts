import { countDesks } from './counts-desk.ts'
import type { Facts } from './facts.ts'

/** What was done in a run, and how often each state was reached that it was for. */
export function countRun(facts: Facts): { counts: Record<string, number>; states: Record<string, number> } {
  const counts: Record<string, number> = {}
  const states: Record<string, number> = {}
  const add = (into: Record<string, number>, name: string, count = 1) => {
    into[name] = (into[name] ?? 0) + count
  }
  const clients = new Set<string>()
  for (const record of facts.records) {
    if ('client' in record && record.client !== undefined) clients.add(record.client)
    switch (record.type) {
      case 'seen':
        add(counts, `seen ${record.how}`)
        break
      case 'connection':
        add(counts, `connections ${record.state}`)
        break
      case 'subscribed':
        add(counts, `subscribed ${record.how}`)
        if (record.how === 'recovered' && (record.gap ?? 0) > 0) add(states, 'resume-with-gap')
        if (record.how === 'reload') add(states, 'reload')
        break
      case 'push':
        add(counts, record.shown ? 'pushes shown' : 'pushes not shown')
        break
      case 'fault':
        if (record.phase === 'begin') add(states, `fault ${record.name}`)
        break
      case 'state':
        add(states, record.name, record.count)
        break
    }
  }
  for (const countAll of [countOperations, countDesks])
    countAll(
      facts,
      (name) => add(counts, name),
      (name) => add(states, name),
    )
  counts.clients = clients.size
  counts.rooms = facts.rooms.size
  counts.events = [...facts.rooms.values()].reduce((sum, { events }) => sum + events.size, 0)
  return { counts, states }
}

type Count = (name: string) => void

function countOperations({ operations, rooms, options }: Facts, count: Count, state: Count): void {
  for (const { invoke, answer } of operations.all) count(`${invoke.operation.name} ${answer?.outcome ?? 'unknown'}`)
  for (const { user, cid, operation, attempts, acked } of operations.wishes) {
    const answered = attempts.filter(({ answer }) => answer?.outcome === 'ok')
    // Acknowledged again, or after an attempt of which nobody knows: the second attempt found what the first had done.
    if (answered.length > 1) state('duplicate-answered')
    if (acked && acked !== attempts[0]) state('retry-acknowledged')
    if (acked || operation.name === 'create' || options.withoutFinals) continue
    if (attempts.every(({ answer }) => answer?.outcome === 'refused')) continue
    const isThere = rooms.get(operation.room)?.bySender.has(`${user} ${cid}`) ?? false
    state(isThere ? 'unknown-and-done' : 'unknown-and-not-done')
  }
}
