import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Switchboard, SwitchboardError } from '@switchboard/client'
import type { CannedReply } from '@switchboard/contracts/desk-people'
import { api } from '../flow/flow-fixture.ts'
import { signIn } from './people.ts'
import { until } from './until.ts'

export const API_KEY = 'key-of-the-browser-tests'

export interface Desk {
  readonly desk: string
  readonly agents: readonly string[]
}

/** A request that is sent again while the answer says that it may be: a machine with busy neighbours is slow to begin. */
async function done(url: string, request: Parameters<typeof api>[1], made: readonly number[]): Promise<void> {
  let last = ''
  await until(`${request.path} is answered`, async () => {
    const { status, body } = await api(url, request)
    last = `${status} ${JSON.stringify(body)}`
    return !body.error?.retry && (made.includes(status) || assert.fail(last))
  })
}

/** A desk of this test alone, with agents of its own; nobody is online yet. */
export async function makeDesk(url: string, settings: object = {}, names = ['Ann Berg', 'Ben Ito']): Promise<Desk> {
  const tag = randomBytes(3).toString('hex')
  const headers = { 'x-api-key': API_KEY }
  const desk = `help-${tag}`
  const body = { desk, title: 'Shop support', ...settings }
  // 409 where an answer was lost: it was made.
  await done(url, { method: 'POST', path: '/v1/desks', headers, body }, [201, 409])
  const agents: string[] = []
  for (const name of names) {
    const user = `${name.split(' ')[0]?.toLowerCase()}-${tag}`
    const account = { user, password: 'switchboard', name }
    await done(url, { method: 'POST', path: '/v1/accounts', body: account }, [201, 409])
    const path = `/v1/desks/${desk}/agents/${user}`
    const agent = { capacity: 1_000, supervisor: agents.length > 0 }
    await done(url, { method: 'PUT', path, headers, body: agent }, [200])
    agents.push(user)
  }
  return { desk, agents }
}

/** Makes an agent of one desk an agent of another one, too. */
export async function joinDesk(url: string, desk: string, user: string): Promise<void> {
  const headers = { 'x-api-key': API_KEY }
  await done(url, { method: 'PUT', path: `/v1/desks/${desk}/agents/${user}`, headers, body: { capacity: 5 } }, [200])
}

/** A reply that the desk keeps ready, written by its supervisor, the second of its agents. */
export async function keepReply(url: string, { desk, agents }: Desk, reply: CannedReply): Promise<void> {
  await using board = await signIn(url, agents[1] ?? '')
  // Storage says who may write replies, a moment behind the desk.
  await until('the reply is kept', async () => {
    const put = board.call('desk.reply.put', { cid: `reply-${reply.reply}`, desk, ...reply })
    return put.then(
      () => true,
      (error: SwitchboardError) => error.code !== 'permission_denied' && Promise.reject(error),
    )
  })
}

/** An agent in Node, online at the desk. */
export async function agentAt(url: string, { desk, agents }: Desk, which = 0): Promise<Switchboard> {
  const board = await signIn(url, agents[which] ?? '')
  await board.desk(desk).setStatus('online')
  return board
}

export interface DeskBot extends AsyncDisposable {
  /** Says this in every conversation that it has or gets. */
  answerAll(text: string): Promise<void>
}

/** A bot that is online at the desk. */
export async function botAt(url: string, { desk }: Desk, name: string): Promise<DeskBot> {
  const user = `${name.toLowerCase()}-${desk}`
  const headers = { 'x-api-key': API_KEY }
  const account = { user, password: 'switchboard', name }
  await done(url, { method: 'POST', path: '/v1/accounts', body: account }, [201, 409])
  const path = `/v1/desks/${desk}/agents/${user}`
  await done(url, { method: 'PUT', path, headers, body: { bot: true, capacity: 1_000 } }, [200])
  const board = await signIn(url, user)
  const own = board.desk(desk)
  await own.setStatus('online')
  return {
    answerAll: async (text) => {
      await until('it has a conversation', async () =>
        [...own.conversations.values()].some(({ agent }) => agent === user),
      )
      for (const { conversation, agent } of own.conversations.values())
        if (agent === user) await board.open(conversation).send(text).settled
    },
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  }
}

/** Takes what is offered, as soon as it is; what was taken back meanwhile is offered again. @returns the conversation. */
export function acceptNext(board: Switchboard): Promise<string> {
  return new Promise((resolve, reject) => {
    const off = board.on('offer', ({ offer, desk, conversation }) => {
      const taken = board.desk(desk).accept(offer)
      taken.then(
        () => {
          off()
          resolve(conversation)
        },
        (error: SwitchboardError) => error.code === 'conflict' || reject(error),
      )
    })
  })
}

export { api }
