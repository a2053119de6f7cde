import { at, late, type Mutation, ofType, replace, retell, without } from './mutations.ts'
import type { JournalRecord } from './records.ts'
import type { DeskConversation, DeskEventSeen, DeskInvoke, DeskReturn } from './records-desk.ts'

type Records = readonly JournalRecord[]
type Changed = Extract<DeskEventSeen, { type: 'conversation.changed' }>

const kept = (records: Records): readonly DeskEventSeen[] => ofType(records, 'final-desk')[0]?.events ?? []
export const changes = (records: Records): Changed[] =>
  kept(records).filter((event) => event.type === 'conversation.changed')

/** An event of the desk, told anew wherever it is told of. */
const retellDesk = (records: Records, seq: number, tell: (event: DeskEventSeen) => DeskEventSeen): Records =>
  records.map((record) => {
    if (record.type === 'desk-seen' && record.event.seq === seq) return { ...record, event: tell(record.event) }
    if (record.type !== 'final-desk') return record
    return { ...record, events: record.events.map((event) => (event.seq === seq ? tell(event) : event)) }
  })

const withConversation = (event: DeskEventSeen, to: Partial<DeskConversation>): DeskEventSeen =>
  event.type === 'conversation.changed' ? { ...event, conversation: { ...event.conversation, ...to } } : event

interface Done {
  readonly invoke: DeskInvoke
  readonly answer: DeskReturn
}

function done(records: Records, ...names: readonly DeskInvoke['operation']['name'][]): Done[] {
  const answers = new Map(ofType(records, 'desk-return').map((answer) => [answer.id, answer]))
  return ofType(records, 'desk-invoke').flatMap((invoke) => {
    const answer = answers.get(invoke.id)
    return answer?.outcome === 'ok' && names.includes(invoke.operation.name) ? [{ invoke, answer }] : []
  })
}

/** Another one more of the same, right behind it, that was acknowledged and of which nothing came. */
const twin = (records: Records, { invoke, answer }: Done): Records =>
  replace(
    records,
    answer,
    answer,
    { ...invoke, id: 'lost', operation: { ...invoke.operation, cid: 'lost' } },
    { ...answer, id: 'lost' },
  )

/** Offers to one who came before another one of the same priority that waits at that moment. */
function overtakings(records: Records): { offered: Changed; earlier: Changed }[] {
  const waiting = new Map<string, Changed>()
  return changes(records).flatMap((event) => {
    const { conversation } = event
    waiting.delete(conversation.conversation)
    if (conversation.state === 'queued') waiting.set(conversation.conversation, event)
    if (event.change !== 'offered') return []
    const earlier = [...waiting.values()].find((one) => one.conversation.priority === conversation.priority)
    return earlier ? [{ offered: event, earlier }] : []
  })
}

export const toldIn = (records: Records) =>
  ofType(records, 'final-history').flatMap(({ room, source, events }) => {
    const told = events.findLast(({ standing }) => standing)
    return source === 'api' && told ? [{ room, told }] : []
  })

/** Of desks: who is responsible, who waits, what is done and who may see it. */
export const DESK_MUTATIONS: readonly Mutation[] = [
  {
    what: 'a conversation has two owners',
    check: 'two-owners',
    spoil: (records, dice) =>
      at(
        done(records, 'accept', 'hold').filter(({ answer }) => answer.standing),
        dice,
        ({ answer }) =>
          answer.standing
            ? replace(records, answer, { ...answer, standing: { ...answer.standing, agent: 'another' } })
            : records,
      ),
  },
  {
    what: 'a room names another agent than the desk',
    check: 'two-owners',
    spoil: (records, dice) =>
      at(
        toldIn(records).filter(({ room, told }) => room.startsWith('n-') && told.standing?.agent),
        dice,
        ({ room, told }) =>
          retell(records, room, (event) =>
            event.seq === told.seq && told.standing
              ? { ...event, standing: { ...told.standing, agent: 'another' } }
              : event,
          ),
      ),
  },
  {
    what: 'a conversation goes back to an earlier revision',
    check: 'revision-back',
    spoil: (records, dice) =>
      at(
        ofType(records, 'seen').filter(({ event }) => (event.standing?.revision ?? 0) > 2),
        dice,
        (seen) => {
          const before = ofType(records, 'seen').find(
            ({ room, client, event }) => room === seen.room && client === seen.client && event.standing,
          )
          return before && before !== seen ? late(records, 1, (atMs) => [{ ...before, atMs }]) : undefined
        },
      ),
  },
  {
    what: 'a conversation is with nobody in the end',
    check: 'conversation-lost',
    spoil: (records, dice) =>
      at(done(records, 'enter'), dice, ({ answer }) =>
        late(records, 1, (atMs) => [
          {
            ...{ type: 'desk-return', atMs, client: 'c-x', user: 'x', id: 'x', outcome: 'ok' },
            ...{ conversation: answer.conversation ?? '', standing: { state: 'assigned', revision: 1e6, agent: null } },
          },
        ]),
      ),
  },
  {
    what: 'whoever entered, and was told so, is nowhere',
    check: 'conversation-lost',
    spoil: (records, dice) =>
      at(done(records, 'enter'), dice, ({ invoke, answer }) =>
        replace(
          records,
          answer,
          answer,
          { ...invoke, id: 'lost', user: 'v0', operation: { ...invoke.operation, cid: 'lost' } },
          { ...answer, id: 'lost', user: 'v0', conversation: 'help-0' },
        ),
      ),
  },
  {
    what: 'a desk command that was acknowledged has no effect',
    check: 'desk-without-effect',
    spoil: (records, dice) =>
      at(done(records, 'accept', 'close', 'transfer', 'hold', 'rate', 'status'), dice, (one) => twin(records, one)),
  },
  {
    what: 'a desk command that was acknowledged has the effect of another one',
    check: 'desk-without-effect',
    spoil: (records, dice) =>
      at(done(records, 'accept', 'close', 'hold', 'rate'), dice, ({ invoke }) =>
        replace(records, invoke, { ...invoke, operation: { ...invoke.operation, name: 'tag' } }),
      ),
  },
  {
    what: 'a desk command that was refused has happened',
    check: 'refused-applied',
    spoil: (records, dice) =>
      at(done(records, 'close', 'hold', 'rate'), dice, ({ answer: { standing: _, ...answer }, ...one }) =>
        records.map((record) =>
          record.type === 'desk-return' && record.id === one.invoke.id ? { ...answer, outcome: 'refused' } : record,
        ),
      ),
  },
  {
    what: 'an agent has more than they take',
    check: 'capacity-exceeded',
    spoil: (records, dice) =>
      at(
        changes(records).filter(({ change }) => change === 'offered'),
        dice,
        ({ conversation }) => {
          const user = conversation.offer?.agent
          return records.map((record) => {
            const lower = (event: DeskEventSeen): DeskEventSeen =>
              event.type === 'agent.updated' && event.agent.user === user
                ? { ...event, agent: { ...event.agent, capacity: 0 } }
                : event
            if (record.type === 'desk-seen') return { ...record, event: lower(record.event) }
            return record.type === 'final-desk' ? { ...record, events: record.events.map(lower) } : record
          })
        },
      ),
  },
  {
    what: 'whoever came later is asked earlier',
    check: 'queue-order',
    spoil: (records, dice) =>
      at(overtakings(records), dice, ({ offered, earlier }) => {
        const late = { entered_at: earlier.conversation.entered_at + 1 }
        return retellDesk(records, offered.seq, (event) => withConversation(event, late))
      }),
  },
  {
    what: 'an agent acts on a revision that is not there any more',
    check: 'fence-broken',
    spoil: (records, dice) =>
      at(done(records, 'close', 'transfer', 'hold'), dice, ({ invoke }) => {
        const revision = (invoke.operation.revision ?? 0) - 1
        return replace(records, invoke, { ...invoke, operation: { ...invoke.operation, revision } })
      }),
  },
  {
    what: 'an agent accepts an offer that does not stand any more',
    check: 'fence-broken',
    spoil: (records, dice) =>
      at(done(records, 'accept'), dice, ({ invoke }) =>
        replace(records, invoke, { ...invoke, operation: { ...invoke.operation, offer: 'help-1.0' } }),
      ),
  },
  {
    what: 'a conversation stays with an agent who is gone',
    check: 'not-requeued',
    spoil: (records, dice) =>
      at(
        lastOf(records).filter(({ state }) => state === 'assigned' || state === 'held'),
        dice,
        ({ agent }) => {
          const connections = ofType(records, 'connection').filter(({ user }) => user === agent)
          const [first] = connections
          if (!first) return undefined
          return replace(without(records, ...connections.slice(1)), first, first, { ...first, state: 'lost' })
        },
      ),
  },
  {
    what: 'an agent is handed another event of the desk than is kept',
    check: 'different-order',
    spoil: (records, dice) =>
      at(ofType(records, 'desk-seen'), dice, (seen) =>
        replace(records, seen, { ...seen, event: { ...seen.event, cid: 'other' } }),
      ),
  },
  {
    what: 'the store has a hole in a desk',
    check: 'hole',
    spoil: (records, dice) =>
      at(
        ofType(records, 'final-desk').filter(({ source }) => source === 'store'),
        dice,
        (final) => {
          const hole = 1 + (dice % (final.events.length - 2))
          return replace(records, final, { ...final, events: final.events.filter((_, i) => i !== hole) })
        },
      ),
  },
]

const lastOf = (records: Records): DeskConversation[] => [
  ...new Map(changes(records).map(({ conversation }) => [conversation.conversation, conversation])).values(),
]
