import type { StorageHandlers } from '@switchboard/bus/ask'
import type { VisitingPerson } from '@switchboard/contracts/desk-people'
import { refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { isChief } from '@switchboard/domain/conversation-room'
import { reportOf } from '@switchboard/domain/desk-report'
import type { Filter } from 'mongodb'
import { type Asker, partAt } from './desk-rights.ts'
import { conversationOf } from './desk-view.ts'
import { type ConversationDocument, replyKey } from './documents.ts'
import { exactly, oneOf } from './mongo-connect.ts'
import { namesOf } from './names-of.ts'
import type { Sources } from './room-view.ts'

type Handlers = Pick<
  StorageHandlers,
  | 'desk.own'
  | 'desk.named'
  | 'desk.conversations'
  | 'desk.report'
  | 'reply.list'
  | 'reply.put'
  | 'reply.remove'
  | 'visitor.put'
>

const denied = () => refuse('permission_denied', { field: 'desk' })

/** What agents ask for that no desk has to decide: their desks, what was there before, replies that are kept ready. */
export function deskPeopleQueries(sources: Sources): Handlers {
  const { replies, users } = sources.collections
  return {
    'desk.own': ({ user, roles }) => ownDesks(sources, { user, isChief: isChief(roles) }),
    'desk.named': ({ desk, ...asker }) => namedAt(sources, desk, asker),
    'desk.conversations': (asked) => conversationsAt(sources, asked),
    'desk.report': (asked) => reportAt(sources, asked),
    'reply.list': async ({ desk, ...asker }) => {
      if (!(await partAt(sources, desk, asker))) return denied()
      const found = await replies
        .find({ desk: exactly(desk) }, { limit: MAX.deskReplies, batchSize: MAX.deskReplies + 1 })
        .sort({ _id: 1 })
        .toArray()
      return { replies: found.map(({ reply }) => reply) }
    },
    'reply.put': async ({ desk, reply, ...asker }) => {
      if ((await partAt(sources, desk, asker)) !== 'supervisor') return denied()
      const _id = exactly(replyKey(desk, reply.reply))
      const isNew = (await replies.findOne({ _id })) === null
      if (isNew && (await replies.countDocuments({ desk: exactly(desk) })) >= MAX.deskReplies)
        return refuse('limit_exceeded', { field: 'reply', message: `a desk keeps at most ${MAX.deskReplies}` })
      await replies.updateOne({ _id }, { $set: { desk, reply } }, { upsert: true })
      return reply
    },
    'reply.remove': async ({ desk, reply, ...asker }) => {
      if ((await partAt(sources, desk, asker)) !== 'supervisor') return denied()
      await replies.deleteOne({ _id: exactly(replyKey(desk, reply)) })
      return {}
    },
    'visitor.put': async ({ user, name, verified }) => {
      const $set = { ...(name === undefined ? {} : { name }), ...(verified && { verified }) }
      const $setOnInsert = { head: 0, at: 0, epoch: '', log_seq: 0 }
      await users.updateOne({ _id: exactly(user) }, { $set, $setOnInsert }, { upsert: true })
      return {}
    },
  }
}

async function ownDesks({ collections }: Sources, { user, isChief }: { user: string; isChief: boolean }) {
  const { desks, desk_agents } = collections
  const options = { limit: MAX.desks, batchSize: MAX.desks + 1 }
  const seats = await desk_agents.find({ user: exactly(user), gone: false }, options).toArray()
  const which = isChief ? {} : { _id: oneOf(seats.map(({ desk }) => desk)) }
  const found = !isChief && seats.length === 0 ? [] : await desks.find(which, options).sort({ _id: 1 }).toArray()
  const byDesk = new Map(seats.map(({ desk, agent }) => [desk, agent]))
  return {
    desks: found.flatMap(({ _id: desk, settings }) => {
      const agent = byDesk.get(desk)
      if (!settings) return []
      const supervisor = isChief || agent?.supervisor === true
      return [
        { desk, title: settings.title, supervisor, status: agent?.status ?? 'offline', capacity: agent?.capacity ?? 0 },
      ]
    }),
  }
}

/** Those who are agents come first: of those who were, as many as are left. */
async function namedAt(sources: Sources, desk: string, asker: Asker): ReturnType<Handlers['desk.named']> {
  if (!(await partAt(sources, desk, asker))) return denied()
  const seats = await sources.collections.desk_agents
    .find({ desk: exactly(desk) }, { limit: MAX.deskAgents, batchSize: MAX.deskAgents + 1 })
    .sort({ gone: 1, _id: 1 })
    .toArray()
  const users = seats.map(({ user }) => user)
  const names = await namesOf(sources.collections, users)
  return {
    agents: users.map((user) => {
      const name = names.get(user)
      return name === undefined ? { user } : { user, name }
    }),
  }
}

type Asked = Parameters<Handlers['desk.conversations']>[0]

async function conversationsAt(sources: Sources, asked: Asked): ReturnType<Handlers['desk.conversations']> {
  const { desk, visitor, agent, state, before, limit = 50, user, roles } = asked
  const { conversations } = sources.collections
  if (!(await partAt(sources, desk, { user, roles }))) return denied()
  const filter: Filter<ConversationDocument> = {
    desk: exactly(desk),
    ...(visitor === undefined ? {} : { visitor: exactly(visitor) }),
    ...(agent === undefined ? {} : { agent: exactly(agent) }),
    ...(state === undefined ? {} : { live: state === 'open' }),
  }
  const last = before === undefined ? null : await conversations.findOne({ _id: exactly(before) })
  if (before !== undefined && !last) return refuse('not_found', { field: 'before' })
  const { entered_at = 0, _id = '' } = last ?? {}
  const older = last ? { $or: [{ entered_at: { $lt: entered_at } }, { entered_at, _id: { $lt: _id } }] } : {}
  const found = await conversations
    .find({ ...filter, ...older }, { limit: limit + 1, batchSize: limit + 2 })
    .sort({ entered_at: -1, _id: -1 })
    .toArray()
  const person = visitor === undefined ? undefined : await personOf(sources, visitor)
  return {
    conversations: found.slice(0, limit).map(conversationOf),
    more: found.length > limit,
    ...(person && { person }),
  }
}

async function reportAt(
  sources: Sources,
  { desk, from, to, by, ...asker }: Parameters<Handlers['desk.report']>[0],
): ReturnType<Handlers['desk.report']> {
  if ((await partAt(sources, desk, asker)) !== 'supervisor') return denied()
  const limit = MAX.reportConversations + 1
  const found = await sources.collections.conversations
    .find({ desk: exactly(desk), entered_at: { $gte: from, $lt: to } }, { limit, batchSize: limit + 1 })
    .toArray()
  if (found.length === limit)
    return refuse('too_large', {
      field: 'to',
      message: `a report has at most ${MAX.reportConversations} conversations`,
    })
  return { rows: reportOf(found, by) }
}

async function personOf({ collections }: Sources, user: string): Promise<VisitingPerson> {
  const found = await collections.users.findOne({ _id: exactly(user) })
  const { name, verified } = found ?? {}
  return { user, ...(name === undefined ? {} : { name }), ...(verified && { verified }) }
}
