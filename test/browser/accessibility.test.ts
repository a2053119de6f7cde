import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createAccount, Visit } from '@switchboard/client'
import type { Page } from 'playwright-core'
import { auditEach } from './audit.ts'
import { type ConsoleStage, consoleStage, lineOf, logInAt } from './consoles.ts'
import { acceptNext, agentAt, type Desk, makeDesk } from './desks.ts'
import { openWidget, scriptTag, write } from './host-page.ts'
import { enterRoom, messageOf, signIn } from './people.ts'
import { until } from './until.ts'

let stage: ConsoleStage

before(async () => {
  stage = await consoleStage()
})
after(() => stage?.[Symbol.asyncDispose]())

const sure = async <T>(found: Promise<T[]>) => assert.deepEqual(await found, [])

test('the log-ins and the shop in light and dark, wide and narrow, then nothing of them is closed to anybody', async () => {
  const { url } = stage.system
  const heading = (name: string) => async (page: Page) => {
    await page.getByRole('heading', { name }).waitFor()
    return undefined
  }
  await sure(auditEach(stage, { name: 'log-in', url, show: heading('Switchboard') }))
  await sure(auditEach(stage, { name: 'console-log-in', url: `${url}/console`, show: heading('Switchboard console') }))
  await sure(auditEach(stage, { name: 'demo', url: `${url}/demo`, show: heading('Loose leaf, shipped today') }))
})

test('the chat page with a conversation, then nothing of it is closed to anybody', async () => {
  const { url } = stage.system
  const tag = randomBytes(3).toString('hex')
  const [ann, ben] = [`ann-${tag}`, `ben-${tag}`]
  for (const [user, name] of [
    [ann, 'Ann Berg'],
    [ben, 'Ben Ito'],
  ] as const)
    await createAccount(url, { user, password: 'switchboard', name })
  await using other = await signIn(url, ben)
  const room = other.open(await other.create({ kind: 'group', title: 'Harbour watch', members: [ann] }))
  await room.send('The ferry is early: https://port.example/12').settled
  const show = async (page: Page) => {
    await logInAt(page, ann)
    await enterRoom(page, 'Harbour watch')
    await messageOf(page, 'The ferry is early').waitFor()
    return undefined
  }
  await sure(auditEach(stage, { name: 'chat', url, show }))
})

/** A conversation of the first agent, with an answer, a note and a tag. */
async function talk(desk: Desk): Promise<void> {
  const { url } = stage.system
  await using agent = await agentAt(url, desk)
  const taken = acceptNext(agent)
  await using vera = await Visit.begin({ url, visitor: { desk: desk.desk, name: 'Vera Lind' } })
  const visit = await vera.enter({ context: { page: 'https://shop.example/cart' } })
  await visit.send('My parcel is late').settled
  const conversation = await taken
  const room = agent.open(conversation)
  await until('the agent reads it', async () => room.items.some((item) => item.kind === 'message'))
  await room.send('Let me look: https://post.example/12').settled
  await agent.desk(desk.desk).note(conversation, 'third one this week')
  const at = agent.desk(desk.desk).conversations.get(conversation)
  assert.ok(at)
  await agent.desk(desk.desk).act('desk.tag', at, { tags: ['parcel'] })
}

test('the console with its desk and a conversation in the list, then nothing of it is closed to anybody', async () => {
  const { url } = stage.system
  const desk = await makeDesk(url, { waiting_seconds: 60, first_reply_seconds: 120, requeue_seconds: 3_600 })
  await talk(desk)
  const address = `${url}/console?desk=${desk.desk}`
  const list = async (page: Page) => {
    await logInAt(page, desk.agents[0] ?? '')
    await lineOf(page, 'Vera Lind').waitFor()
    return undefined
  }
  await sure(auditEach(stage, { name: 'console-list', url: address, show: list }))
  const open = async (page: Page) => {
    await list(page)
    await lineOf(page, 'Vera Lind').click()
    await page.locator('[data-by="note"]', { hasText: 'third one this week' }).waitFor()
    return undefined
  }
  await sure(auditEach(stage, { name: 'console-open', url: address, show: open }))
  const keys = async (page: Page) => {
    await list(page)
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
    await page.getByText('Accept what is offered').waitFor()
    return undefined
  }
  await sure(auditEach(stage, { name: 'console-keys', url: address, show: keys }))
  const reports = async (page: Page) => {
    await logInAt(page, desk.agents[1] ?? '')
    await page.getByRole('button', { name: 'Reports' }).click()
    await page.getByRole('main', { name: 'Reports' }).getByRole('table').waitFor()
    return undefined
  }
  await sure(auditEach(stage, { name: 'console-reports', url: address, show: reports }))
})

test('the widget with a conversation, then nothing of it is closed to anybody', async () => {
  const { site, system } = stage
  const desk = await makeDesk(system.url)
  await using agent = await agentAt(system.url, desk)
  site.show(scriptTag(system.url, desk.desk, 'data-name="Vera Lind"'))
  const show = async (page: Page) => {
    const taken = acceptNext(agent)
    const frame = await openWidget(page)
    await write(frame, 'Where is my parcel?')
    const room = agent.open(await taken)
    await until('the agent reads it', async () => room.items.some((item) => item.kind === 'message'))
    await room.send('On its way: https://post.example/12').settled
    await frame.getByRole('link', { name: 'https://post.example/12' }).waitFor()
    return page.frames().find((part) => part.url().includes('widget'))
  }
  await sure(auditEach(stage, { name: 'widget', url: site.url, show }))
})
