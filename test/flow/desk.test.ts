import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { api, type FlowSystem, flowSystem, historyOf, logIn, Person } from './flow-fixture.ts'

/** Long, as the machine may be busy with other tests. */
const STORED_MS_MAX = 30_000

interface Status {
  readonly conversation: string
  readonly room: string
  readonly state: string
  readonly revision: number
  readonly agent: string | null
  readonly bot?: boolean
  readonly position?: number
}

const KEY = 'key-of-this-test'
const headers = { 'x-api-key': KEY }
let flow: FlowSystem
let cids = 0
const cid = () => {
  cids += 1
  return `desk-flow-${cids}`
}

before(async () => {
  flow = await flowSystem({ env: { API_KEYS: KEY } })
})
after(() => flow[Symbol.asyncDispose]())

/** A desk with two agents, each with a connection. */
async function deskOf(desk: string, settings: object = {}) {
  const made = await api(flow.url, {
    method: 'POST',
    path: '/v1/desks',
    headers,
    body: { desk, title: 'D', ...settings },
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const agents: Person[] = []
  for (const user of ['alice', 'bob']) {
    const path = `/v1/desks/${desk}/agents/${user}`
    const put = await api(flow.url, { method: 'PUT', path, headers, body: { capacity: 2 } })
    assert.equal(put.status, 200, JSON.stringify(put.body))
    agents.push(await new Person(flow.url, await logIn(flow.url, user)).connect())
  }
  const [alice, bob] = agents as [Person, Person]
  return { alice, bob }
}

async function visit(desk: string): Promise<{ visitor: Person; user: string; token: string }> {
  const { body } = await api(flow.url, { method: 'POST', path: '/v1/visitors', body: { desk } })
  return { visitor: await new Person(flow.url, body.token).connect(), user: body.user, token: body.token }
}

const together = (...people: Person[]): Disposable => ({
  [Symbol.dispose]: () => {
    for (const person of people) person[Symbol.dispose]()
  },
})

const online = (agent: Person, desk: string) => agent.rpc('desk.status', { cid: cid(), desk, status: 'online' })

/** Makes bob a supervisor. Resolves when storage knows it, too: it says who may write replies, a moment behind the desk. */
async function promote(bob: Person, desk: string): Promise<void> {
  const put = { method: 'PUT', path: `/v1/desks/${desk}/agents/bob`, headers, body: { supervisor: true } }
  assert.equal((await api(flow.url, put)).status, 200)
  const deadline = Date.now() + 30_000
  for (;;) {
    const { desks } = await bob.rpc<{ desks: { desk: string; supervisor: boolean }[] }>('desk.list', {})
    if (desks.some((one) => one.desk === desk && one.supervisor)) return
    assert.ok(Date.now() < deadline, 'bob is no supervisor yet')
  }
}

/** The newest offer of a conversation on an agent's own channel. */
const offersOf = (agent: Person, user: string, conversation: string) =>
  agent.all(`user:${user}`).filter((event) => event.type === 'offer' && event.conversation === conversation)

async function accept(agent: Person, user: string, conversation: string): Promise<Status> {
  const before = offersOf(agent, user, conversation).length
  if (before === 0) await agent.until(`an offer for ${user}`, () => offersOf(agent, user, conversation).length > 0)
  const offer = offersOf(agent, user, conversation).at(-1)?.offer
  return agent.rpc<Status>('desk.accept', { cid: cid(), offer })
}

/** The refusal that a call meets: its code, and the state that came with it. */
async function refusalOf(calling: Promise<unknown>): Promise<{ code: string; state: Record<string, unknown> }> {
  const error = await calling.then(
    () => assert.fail('it was not refused'),
    (refused: { message: string }) => refused,
  )
  const [sentence = '', state = '{}'] = error.message.split('\n')
  return { code: sentence.split(/[ :]/)[0] ?? '', state: JSON.parse(state) }
}

/** What only agents may know is nowhere that the visitor looks, and the visitor knows how it went. */
async function checkUnseen(of: { visitor: Person; user: string; token: string; room: string }): Promise<void> {
  const { visitor, user, token, room } = of
  const seen = await historyOf(flow.url, token, room)
  const text = JSON.stringify([seen, visitor.all(`room:${room}`), visitor.all(`user:${user}`)])
  for (const secret of ['hurry', 'parcels', 'gentle', '/cart'])
    assert.ok(!text.includes(secret), `the visitor saw ${secret}`)
  assert.deepEqual(
    seen.map(({ type }) => type).filter((type) => type.startsWith('conversation.')),
    [
      'conversation.queued',
      'conversation.assigned',
      'conversation.transferred',
      'conversation.assigned',
      'conversation.closed',
      'conversation.reopened',
      'conversation.assigned',
    ],
  )
}

test('two agents and a visitor: queue, offer, accept, transfer, a note unseen, close, rate, reopen', async () => {
  const desk = 'flow-desk'
  const { alice, bob } = await deskOf(desk)
  const { visitor, user, token } = await visit(desk)
  using _all = together(alice, bob, visitor)
  const enter = { cid: cid(), desk, form: { name: 'Vera' }, context: { page: '/cart' } }
  const entered = await visitor.rpc<Status>('desk.enter', enter)
  const { conversation, room } = entered
  assert.deepEqual([entered.state, entered.position], ['queued', 1])
  assert.deepEqual(await visitor.rpc<Status>('desk.enter', enter), entered, 'the same cid again')
  await visitor.until('the room', () => visitor.subscribed.some(({ channel }) => channel === `room:${room}`))
  await visitor.rpc('message.send', { cid: cid(), room, text: 'hello?' })

  await online(alice, desk)
  const accepted = await accept(alice, 'alice', conversation)
  assert.deepEqual([accepted.state, accepted.agent], ['assigned', 'alice'])
  await alice.until('her rooms', () => alice.subscribed.some(({ channel }) => channel === `room:n-${conversation}`))
  const queue = alice.client.newSubscription(`desk:${desk}`)
  queue.on('publication', (context) => alice.note(context))
  queue.subscribe()
  await queue.ready(60_000)
  const strange = await refusalOf(visitor.client.rpc('desk.view', { desk }))
  assert.equal(strange.code, 'permission_denied')
  await alice.rpc('message.send', { cid: cid(), room, text: 'here I am' })
  await alice.rpc('desk.note', { cid: cid(), conversation, text: 'they are in a hurry' })

  await online(bob, desk)
  const about = { conversation, revision: accepted.revision }
  const note = 'knows parcels'
  await alice.rpc('desk.transfer', { cid: cid(), ...about, to: { agent: 'bob' }, note })
  const taken = await accept(bob, 'bob', conversation)
  assert.deepEqual([taken.state, taken.agent], ['assigned', 'bob'])
  await bob.until('the notes', () => bob.subscribed.some(({ channel }) => channel === `room:n-${conversation}`))
  const late = await refusalOf(alice.client.rpc('message.send', { cid: cid(), room, text: 'one more thing' }))
  assert.deepEqual([late.code, late.state.agent], ['conflict', 'bob'])
  const notes = await historyOf(flow.url, await logIn(flow.url, 'bob'), `n-${conversation}`)
  assert.deepEqual(
    notes.filter(({ type }) => type === 'message').map(({ from, text }) => `${from}: ${text}`),
    ['alice: they are in a hurry', `alice: ${note}`],
  )

  const closed = await bob.rpc<Status>('desk.close', { cid: cid(), conversation, revision: taken.revision })
  assert.equal(closed.state, 'closed')
  await visitor.rpc('desk.rate', { cid: cid(), conversation, score: 5, comment: 'gentle' })
  await visitor.until('the end', () =>
    visitor.events(`room:${room}`).some(({ type }) => type === 'conversation.closed'),
  )
  await alice.until('the rating in the queue', () => JSON.stringify(alice.all(`desk:${desk}`)).includes('"score":5'))

  await visitor.rpc('message.send', { cid: cid(), room, text: 'one question more' })
  await visitor.until('it goes on', () =>
    visitor.events(`room:${room}`).some(({ type }) => type === 'conversation.reopened'),
  )
  await bob.until('an offer once more', () => offersOf(bob, 'bob', conversation).length > 1)
  assert.equal((await accept(bob, 'bob', conversation)).agent, 'bob')

  await checkUnseen({ visitor, user, token, room })
})

test('two agents who look at the same conversation cannot both answer by accident: the revision is the fence', async () => {
  const desk = 'flow-fence'
  const { alice, bob } = await deskOf(desk, { strategy: 'manual' })
  const { visitor } = await visit(desk)
  using _all = together(alice, bob, visitor)
  await Promise.all([online(alice, desk), online(bob, desk)])
  const { conversation, room, revision } = await visitor.rpc<Status>('desk.enter', { cid: cid(), desk })
  const picks = await Promise.allSettled(
    [alice, bob].map((agent) => agent.rpc<Status>('desk.pick', { cid: cid(), conversation, revision })),
  )
  const won = picks.find((pick) => pick.status === 'fulfilled')
  assert.ok(won && picks.filter(({ status }) => status === 'fulfilled').length === 1, 'one of them has it')
  const [owner, other] = won.value.agent === 'alice' ? [alice, bob] : [bob, alice]
  const refused = await refusalOf(other.client.rpc('desk.pick', { cid: cid(), conversation, revision }))
  assert.deepEqual([refused.code, refused.state.agent], ['conflict', won.value.agent])
  await owner.until('the room', () => owner.subscribed.some(({ channel }) => channel === `room:${room}`))
  const wrote = await refusalOf(other.client.rpc('message.send', { cid: cid(), room, text: 'me too' }))
  assert.deepEqual([wrote.code, wrote.state.agent], ['conflict', won.value.agent])
  await owner.rpc('message.send', { cid: cid(), room, text: 'I have it' })
  await visitor.until('one answer', () => visitor.messages(`room:${room}`).length === 1)
})

interface Past {
  readonly conversations: readonly { conversation: string; tags: string[]; agent: string | null }[]
}

/** The past of a desk is read of MongoDB alone, which follows the log by a moment: asked again until it is there. */
async function stored<T>(ask: () => Promise<T>, isThere: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + STORED_MS_MAX
  for (;;) {
    const answer = await ask()
    if (isThere(answer) || performance.now() > deadline) return answer
  }
}

test('a supervisor looks on unseen, whispers and takes over; an answer to what a colleague has answered since is refused', async () => {
  const desk = 'flow-chief'
  const { alice, bob } = await deskOf(desk)
  await promote(bob, desk)
  const { visitor, user, token } = await visit(desk)
  using _all = together(alice, bob, visitor)
  await online(alice, desk)
  const { conversation, room } = await visitor.rpc<Status>('desk.enter', { cid: cid(), desk })
  const accepted = await accept(alice, 'alice', conversation)
  await visitor.rpc('message.send', { cid: cid(), room, text: 'is it broken?' })

  const live = bob.client.newSubscription(`room:${room}`)
  live.on('publication', (context) => bob.note(context))
  live.subscribe()
  await live.ready(60_000)
  const { seq: seen } = await alice.rpc<{ seq: number }>('message.send', { cid: cid(), room, text: 'no, it is not' })
  await bob.until('what alice says', () => bob.messages(`room:${room}`).some(({ text }) => text === 'no, it is not'))
  await bob.rpc('desk.note', { cid: cid(), conversation, text: 'it is, in fact' })
  await alice.until('the whisper', () => alice.messages(`room:n-${conversation}`).some(({ from }) => from === 'bob'))
  const members = visitor.events(`room:${room}`).filter(({ type }) => type === 'member.added')
  assert.equal(members.length, 1, 'the visitor sees alice come, and nobody else')

  await online(bob, desk)
  const tagged = { cid: cid(), conversation, revision: accepted.revision, tags: ['broken'] }
  const { revision } = await alice.rpc<Status>('desk.tag', tagged)
  const taken = await bob.rpc<Status>('desk.take', { cid: cid(), conversation, revision })
  assert.deepEqual([taken.state, taken.agent], ['assigned', 'bob'])
  assert.equal(
    (await refusalOf(alice.client.rpc('desk.take', { cid: cid(), conversation, revision }))).code,
    'conflict',
  )
  const late = { cid: cid(), room, text: 'no, it is not', seen: seen - 1 }
  const refused = await refusalOf(bob.client.rpc('message.send', late))
  assert.deepEqual([refused.code, refused.state.from, refused.state.seq], ['conflict', 'alice', seen])
  await bob.rpc('message.send', { cid: cid(), room, text: 'it is, I am sorry', seen })
  await visitor.until('both answers', () => visitor.messages(`room:${room}`).length === 3)
  const { desks } = await bob.rpc<{ desks: { desk: string; supervisor: boolean }[] }>('desk.list', {})
  assert.equal(desks.find((one) => one.desk === desk)?.supervisor, true)
  const past = () => bob.rpc<Past>('desk.conversations', { desk, visitor: user })
  const { conversations } = await stored(past, (answer) => answer.conversations[0]?.agent === 'bob')
  assert.deepEqual(
    conversations.map((one) => [one.conversation, one.tags]),
    [[conversation, ['broken']]],
  )
  const between = { desk, from: 0, to: Date.now() + 60_000 }
  const { rows } = await bob.rpc<{ rows: object[] }>('desk.report', { ...between, by: 'agent' })
  assert.deepEqual(
    rows.map((row) => [Reflect.get(row, 'key'), Reflect.get(row, 'conversations')]),
    [['bob', 1]],
  )
  assert.equal((await refusalOf(alice.client.rpc('desk.report', { ...between, by: 'desk' }))).code, 'permission_denied')
  const path = `/v1/conversations/${conversation}/transcript`
  const { messages } = (await api(flow.url, { path, token })).body
  assert.deepEqual(
    messages.map(({ text }: { text: string }) => text),
    ['is it broken?', 'no, it is not', 'it is, I am sorry'],
  )
  const stranger = await visit(desk)
  using _stranger = stranger.visitor
  assert.equal((await api(flow.url, { path, token: stranger.token })).status, 403)
})

test('replies that a desk keeps ready: supervisors write them, agents read them, visitors do not', async () => {
  const desk = 'flow-replies'
  const { alice, bob } = await deskOf(desk)
  const { visitor } = await visit(desk)
  using _all = together(alice, bob, visitor)
  await promote(bob, desk)
  const reply = { reply: 'hello', title: 'Hello', text: 'Hello {{visitor.name}}!', actions: { tags: ['greeted'] } }
  assert.equal(
    (await refusalOf(alice.client.rpc('desk.reply.put', { cid: cid(), desk, ...reply }))).code,
    'permission_denied',
  )
  await bob.rpc('desk.reply.put', { cid: cid(), desk, ...reply })
  assert.deepEqual(await alice.rpc('desk.replies', { desk }), { replies: [reply] })
  assert.equal((await refusalOf(visitor.client.rpc('desk.replies', { desk }))).code, 'permission_denied')
  await bob.rpc('desk.reply.remove', { cid: cid(), desk, reply: 'hello' })
  assert.deepEqual(await alice.rpc('desk.replies', { desk }), { replies: [] })
})

test('a visitor whom their own server names is the same person on every device, and keeps the name', async () => {
  const desk = 'flow-signed'
  const { alice, bob } = await deskOf(desk)
  using _agents = together(alice, bob)
  const { secret } = (await api(flow.url, { path: `/v1/desks/${desk}/secret`, headers })).body
  const at = Date.now()
  const signed = [desk, 'customer-7', 'Vera', '', at].join('\n')
  const signature = createHmac('sha256', secret).update(signed).digest('hex')
  const verified = { user: 'customer-7', name: 'Vera', at, signature }
  const post = (body: object) => api(flow.url, { method: 'POST', path: '/v1/visitors', body: { desk, ...body } })
  const [one, two] = [await post({ verified }), await post({ verified })]
  assert.deepEqual([one.status, one.body.user], [200, two.body.user])
  const forged = await post({ verified: { ...verified, user: 'customer-8' } })
  assert.deepEqual([forged.status, forged.body.error.field], [401, 'verified.signature'])
  using visitor = await new Person(flow.url, two.body.token).connect()
  const { conversation } = await visitor.rpc<Status>('desk.enter', { cid: cid(), desk })
  const { conversations } = await alice.rpc<{ conversations: { conversation: string; title: string }[] }>('desk.view', {
    desk,
  })
  assert.deepEqual(
    conversations.map((own) => [own.conversation, own.title]),
    [[conversation, 'Vera']],
  )
})

/** A bot of the desk: an account like any other, with a connection. */
async function botOf(desk: string): Promise<Person> {
  const token = await logIn(flow.url, 'helper')
  const path = `/v1/desks/${desk}/agents/helper`
  const put = await api(flow.url, { method: 'PUT', path, headers, body: { bot: true, capacity: 1_000 } })
  assert.equal(put.status, 200, JSON.stringify(put.body))
  const bot = await new Person(flow.url, token).connect()
  await online(bot, desk)
  return bot
}

test('a bot answers first and hands over with a note, then a person answers, and the bot is heard no more', async () => {
  const desk = 'flow-bot'
  const { alice, bob } = await deskOf(desk)
  const [bot, { visitor, user, token }] = [await botOf(desk), await visit(desk)]
  using _all = together(alice, bob, bot, visitor)
  await online(alice, desk)
  const { conversation, room, ...entered } = await visitor.rpc<Status>('desk.enter', { cid: cid(), desk })
  assert.deepEqual([entered.state, entered.agent, entered.bot], ['assigned', 'helper', true])
  await bot.until('its room', () => bot.subscribed.some(({ channel }) => channel === `room:${room}`))
  await bot.rpc('message.send', { cid: cid(), room, text: 'I am a program. What is it about?' })
  await visitor.rpc('message.send', { cid: cid(), room, text: 'a refund' })
  await bot.until('what it is about', () => bot.messages(`room:${room}`).some(({ text }) => text === 'a refund'))
  const { revision } = await bot.rpc<Status>('desk.position', { conversation })
  const over = { cid: cid(), conversation, revision, to: { desk }, note: 'gentle: wants a refund' }
  assert.equal((await bot.rpc<Status>('desk.transfer', over)).agent, null)
  const accepted = await accept(alice, 'alice', conversation)
  assert.deepEqual([accepted.agent, accepted.bot], ['alice', undefined])
  await alice.until('the notes', () => alice.subscribed.some(({ channel }) => channel === `room:n-${conversation}`))
  const notes = await historyOf(flow.url, await logIn(flow.url, 'alice'), `n-${conversation}`)
  assert.deepEqual(
    notes.filter(({ type }) => type === 'message').map(({ from, text }) => `${from}: ${text}`),
    [`helper: ${over.note}`],
  )
  await alice.rpc('message.send', { cid: cid(), room, text: 'I shall see to it' })
  const late = await refusalOf(bot.client.rpc('message.send', { cid: cid(), room, text: 'and I' }))
  assert.deepEqual([late.code, late.state.agent], ['conflict', 'alice'])
  await visitor.until('both answers', () => visitor.messages(`room:${room}`).length === 3)
  const said = (await historyOf(flow.url, token, room)).filter(({ type }) => type === 'message')
  assert.deepEqual(
    said.map(({ from }) => from),
    ['helper', user, 'alice'],
  )
})

test('a bot that says nothing, then the visitor is with a person within its time', async () => {
  const desk = 'flow-silent-bot'
  const { alice, bob } = await deskOf(desk, { bot_seconds: 1 })
  const [bot, { visitor }] = [await botOf(desk), await visit(desk)]
  using _all = together(alice, bob, bot, visitor)
  await online(alice, desk)
  const { conversation, agent } = await visitor.rpc<Status>('desk.enter', { cid: cid(), desk })
  assert.equal(agent, 'helper')
  assert.equal((await accept(alice, 'alice', conversation)).agent, 'alice')
})
