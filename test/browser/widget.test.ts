import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchChromium, openWindow, screenshot } from './chromium.ts'
import { API_KEY, acceptNext, agentAt, type Desk, makeDesk } from './desks.ts'
import { frameOf, type HostPage, hostPage, openWidget, scriptTag, widgetTexts, write } from './host-page.ts'
import { DESK, PHONE } from './people.ts'
import { pageSystem } from './system.ts'
import { until } from './until.ts'

let system: Awaited<ReturnType<typeof pageSystem>>
let browser: Browser
let site: HostPage

before(async () => {
  site = await hostPage()
  const env = { API_KEYS: API_KEY, WIDGET_SITES: site.url }
  ;[system, browser] = await Promise.all([pageSystem(env), launchChromium()])
})
after(async () => {
  await browser?.close()
  await system?.[Symbol.asyncDispose]()
  await site?.[Symbol.asyncDispose]()
})

const visitTo = (desk: Desk, size: { width: number; height: number; dark?: boolean } = DESK, more = '') => {
  site.show(scriptTag(system.url, desk.desk, more))
  return openWindow(browser, site.url, size)
}
const launcher = (page: Page) => page.getByRole('button', { name: /the chat/ }).first()

test('a visitor of another site, when they write, then they wait, are answered, rate, and come back to the same conversation', async () => {
  const desk = await makeDesk(system.url)
  const { page, complaints } = await visitTo(desk)
  await using agent = await agentAt(system.url, desk)
  const taken = acceptNext(agent)
  const frame = await openWidget(page)
  await frame.getByRole('heading', { name: 'Shop support' }).waitFor()
  await screenshot(page, 'widget-start-1280')
  await write(frame, 'Where is my parcel?')
  const conversation = await taken
  await frame.getByText('You are talking with Ann Berg').waitFor()
  await frame.getByRole('heading', { name: 'Ann Berg' }).waitFor()
  assert.equal(await frame.getByText('You are next').count(), 0)
  const room = agent.open(conversation)
  await until('the agent sees it', async () => room.items.some((item) => item.kind === 'message'))
  room.sayTyping()
  await frame.getByText('Ann Berg is writing…').waitFor()
  room.send('On its way: https://post.example/12')
  await frame.getByRole('link', { name: 'https://post.example/12' }).waitFor()
  await screenshot(page, 'widget-talk-1280')
  await page.reload()
  await until('the panel is open again, with all of it', async () => (await widgetTexts(frameOf(page))).length === 2)
  assert.equal(agent.desk(desk.desk).conversations.size, 1)
  const at = agent.desk(desk.desk).conversations.get(conversation)
  assert.ok(at)
  await agent.desk(desk.desk).act('desk.close', at)
  await frame.getByText('How was it?').waitFor()
  await frame.getByRole('radio', { name: 'Good' }).check()
  await screenshot(page, 'widget-rating-1280')
  await frame.getByRole('button', { name: 'Send rating' }).click()
  await frame.getByText('Thank you!').waitFor()
  await until(
    'the score is at the desk',
    async () => agent.desk(desk.desk).conversations.get(conversation)?.score === 4,
  )
  const again = acceptNext(agent)
  await write(frame, 'One more thing')
  assert.equal(await again, conversation, 'it goes on in the same conversation')
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('a visitor who closed the panel and went on, when they are answered, then a badge counts and is said', async () => {
  const desk = await makeDesk(system.url)
  const { page } = await visitTo(desk)
  await using agent = await agentAt(system.url, desk)
  const taken = acceptNext(agent)
  await write(await openWidget(page), 'hello?')
  const room = agent.open(await taken)
  await frameOf(page).getByText('You are talking with').waitFor()
  await frameOf(page).getByRole('button', { name: 'Close the chat' }).click()
  await until('the focus is back at the button', () =>
    launcher(page).evaluate((button) => button.matches(':focus') && button.getAttribute('aria-expanded') === 'false'),
  )
  await page.getByRole('link', { name: 'Next page' }).click()
  await page.getByRole('heading', { name: 'Shop /next' }).waitFor()
  for (const text of ['here I am', 'and here']) room.send(text)
  await page.getByRole('button', { name: 'Open the chat, 2 unread' }).waitFor()
  await page.getByText('2 new messages').waitFor()
  await screenshot(page, 'widget-badge-1280')
  await openWidget(page)
  await frameOf(page).getByText('and here').waitFor()
  await until('it is read', async () => [...room.receipts.values()].some((seq) => seq >= room.lastSeen))
  await page.getByRole('button', { name: 'Close the chat' }).first().click()
  await page.getByRole('button', { name: 'Open the chat', exact: true }).waitFor()
  await page.context().close()
})

test('a desk where nobody is, when a visitor writes, then they are told so, and answered when somebody comes', async () => {
  const desk = await makeDesk(system.url)
  const { page } = await visitTo(desk, { ...PHONE, dark: true }, 'data-color="#ffb300" data-theme="dark"')
  const frame = await openWidget(page)
  await frame.getByText('Away just now').waitFor()
  await write(frame, 'do you ship to Norway?')
  await frame.getByText('We have your message and will answer here.').waitFor()
  await frame.locator('.row .text', { hasText: 'Norway' }).waitFor()
  await screenshot(page, 'widget-away-390')
  const box = await page.locator('iframe').boundingBox()
  assert.deepEqual(box, { x: 0, y: 0, ...PHONE }, 'a phone shows nothing else')
  await using agent = await agentAt(system.url, desk)
  const room = agent.open(await acceptNext(agent))
  room.send('We do!')
  await frame.getByText('We do!').waitFor()
  await page.context().close()
})

test('the widget, when used by keyboard alone, then it opens, writes and closes, and the page keeps the focus', async () => {
  const desk = await makeDesk(system.url)
  const { page } = await visitTo(desk)
  await launcher(page).focus()
  await page.keyboard.press('Enter')
  await frameOf(page).getByRole('textbox', { name: 'Message' }).waitFor()
  await until('the message field has the focus', () =>
    frameOf(page)
      .getByRole('textbox', { name: 'Message' })
      .evaluate((field) => field.matches(':focus')),
  )
  await page.keyboard.type('by hand')
  await page.keyboard.press('Enter')
  await frameOf(page).locator('.row .text', { hasText: 'by hand' }).waitFor()
  await page.keyboard.press('Escape')
  await until('the focus is back at the button', () => launcher(page).evaluate((button) => button.matches(':focus')))
  await page.context().close()
})

test('a site that is not named, when it shows the widget, then the browser refuses the frame', async () => {
  const desk = await makeDesk(system.url)
  await using stranger = await hostPage()
  stranger.show(scriptTag(system.url, desk.desk))
  const { page, complaints } = await openWindow(browser, stranger.url, DESK)
  await openWidget(page)
  await until('the browser says why', async () => complaints.some((text) => text.includes('frame-ancestors')))
  await page.context().close()
})

test('the shop of npm start, then it is a page with the tag, and nothing of it is refused', async () => {
  const { page, complaints } = await openWindow(browser, `${system.url}/demo`, DESK)
  await page.getByRole('heading', { name: 'Loose leaf, shipped today' }).waitFor()
  await page.getByRole('button', { name: 'Open the chat' }).waitFor()
  await screenshot(page, 'demo-1280')
  assert.deepEqual(complaints, [])
  await page.context().close()
})
