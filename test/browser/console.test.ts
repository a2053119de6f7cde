import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, FrameLocator, Page } from 'playwright-core'
import { launchChromium, openWindow, screenshot, type WindowOptions } from './chromium.ts'
import { API_KEY, type Desk, makeDesk } from './desks.ts'
import { type HostPage, hostPage, openWidget, scriptTag, widgetTexts, write } from './host-page.ts'
import { DESK, PHONE } from './people.ts'
import { pageSystem } from './system.ts'
import { until } from './until.ts'

let system: Awaited<ReturnType<typeof pageSystem>>
let browser: Browser
let site: HostPage

before(async () => {
  site = await hostPage()
  ;[system, browser] = await Promise.all([pageSystem({ API_KEYS: API_KEY, WIDGET_SITES: site.url }), launchChromium()])
})
after(async () => {
  await browser?.close()
  await system?.[Symbol.asyncDispose]()
  await site?.[Symbol.asyncDispose]()
})

/** An agent at the console, logged in by its own form, with this status. */
async function agentPage(desk: Desk, which: number, options: WindowOptions & { status?: string }) {
  const { status = 'online', ...size } = options
  const window = await openWindow(browser, `${system.url}/console?desk=${desk.desk}`, size)
  const { page } = window
  await page.getByLabel('User name').fill(desk.agents[which] ?? '')
  await page.getByLabel('Password').fill('switchboard')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'Shop support' }).waitFor()
  if (status !== 'offline') await page.getByLabel('Your status').selectOption(status)
  return window
}

async function visitor(desk: Desk, name: string): Promise<{ page: Page; frame: FrameLocator }> {
  site.show(scriptTag(system.url, desk.desk, `data-name="${name}" data-field-plan="pro"`))
  const { page } = await openWindow(browser, site.url, DESK)
  return { page, frame: await openWidget(page) }
}

const lineOf = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(`^${name}`) })
const accept = (page: Page) => page.getByRole('button', { name: /^Accept/ }).first()
const saidIn = (page: Page, text: string) => page.locator('.said .text', { hasText: text })

async function answer(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
  await saidIn(page, text).waitFor()
}

test('three visitors and two agents: queue, offer, answer, note unseen, transfer, close, rate, reopen', async () => {
  const desk = await makeDesk(system.url)
  const ann = await agentPage(desk, 0, DESK)
  const vera = await visitor(desk, 'Vera Lind')
  await write(vera.frame, 'My parcel is late')
  await accept(ann.page).waitFor()
  await screenshot(ann.page, 'console-offer-1280')
  await ann.page.keyboard.press('a')
  await ann.page.getByRole('main', { name: 'Vera Lind' }).waitFor()
  await saidIn(ann.page, 'My parcel is late').waitFor()
  await answer(ann.page, 'Let me look, one moment')
  await vera.frame.getByText('Let me look, one moment').waitFor()

  await ann.page.getByRole('tab', { name: 'Note for agents' }).click()
  await ann.page.getByRole('textbox', { name: 'Note' }).fill('third parcel this week, be kind')
  await ann.page.keyboard.press('Enter')
  await ann.page.locator('[data-by="note"]', { hasText: 'be kind' }).waitFor()
  await ann.page.getByLabel('About the visitor').getByText('pro', { exact: true }).waitFor()
  await vera.frame.getByRole('textbox', { name: 'Message' }).pressSequentially('and')
  await ann.page.getByText('is writing').waitFor()
  await screenshot(ann.page, 'console-1280')

  const ben = await agentPage(desk, 1, { ...DESK, dark: true })
  const will = await visitor(desk, 'Will Adams')
  await write(will.frame, 'Do you sell cups?')
  await accept(ben.page).click()
  await ben.page.getByRole('main', { name: 'Will Adams' }).waitFor()
  await answer(ben.page, 'We do, three kinds')
  const xenia = await visitor(desk, 'Xenia Roth')
  await write(xenia.frame, 'Can I change my order?')
  await until('somebody is asked', async () => (await accept(ann.page).count()) + (await accept(ben.page).count()) > 0)
  await ((await accept(ann.page).count()) > 0 ? ann : ben).page.keyboard.press('Escape')
  const asked = (await accept(ann.page).count()) > 0 ? ann : ben
  await accept(asked.page).click()
  await asked.page.getByRole('main', { name: 'Xenia Roth' }).waitFor()

  await ann.page.getByRole('tab', { name: /^Mine/ }).click()
  await lineOf(ann.page, 'Vera Lind').click()
  await ann.page.getByRole('button', { name: 'Hand on' }).first().click()
  await ann.page.getByRole('radio', { name: new RegExp(desk.agents[1] ?? '') }).check()
  await ann.page.getByRole('textbox', { name: 'Note' }).last().fill('knows the carrier')
  await screenshot(ann.page, 'console-transfer-1280')
  await ann.page.getByRole('dialog').getByRole('button', { name: 'Hand on' }).click()
  await accept(ben.page).click()
  await ben.page.getByRole('main', { name: 'Vera Lind' }).waitFor()
  await ben.page.locator('[data-by="note"]', { hasText: 'knows the carrier' }).waitFor()
  await ben.page.locator('[data-by="note"]', { hasText: 'be kind' }).waitFor()
  await answer(ben.page, 'It comes tomorrow')
  await vera.frame.getByText('It comes tomorrow').waitFor()
  await screenshot(ben.page, 'console-dark-1280')
  assert.deepEqual(await widgetTexts(vera.frame), ['My parcel is late', 'Let me look, one moment', 'It comes tomorrow'])
  for (const secret of ['be kind', 'knows the carrier'])
    assert.equal(await vera.frame.getByText(secret).count(), 0, 'the visitor sees nothing of it')

  await ben.page.getByRole('button', { name: 'Close', exact: true }).click()
  await vera.frame.getByRole('radio', { name: 'Excellent' }).check()
  await vera.frame.getByRole('button', { name: 'Send rating' }).click()
  await ben.page.getByText('was rated 5 of 5').waitFor()
  await vera.frame.getByRole('textbox', { name: 'Message' }).fill('Thank you!')
  await vera.frame.getByRole('textbox', { name: 'Message' }).press('Enter')
  await accept(ben.page).click()
  await saidIn(ben.page, 'Thank you!').waitFor()
  assert.deepEqual([...ann.complaints, ...ben.complaints], [])
  for (const { page } of [ann, ben, vera, will, xenia]) await page.context().close()
})

test('the console by keyboard and on a phone, then shortcuts are listed and do what they say', async () => {
  const desk = await makeDesk(system.url)
  const ann = await agentPage(desk, 0, PHONE)
  const vera = await visitor(desk, 'Vera Lind')
  await write(vera.frame, 'hello?')
  await accept(ann.page).waitFor()
  await screenshot(ann.page, 'console-offer-390')
  await ann.page.keyboard.press('?')
  await ann.page.getByText('Accept what is offered').waitFor()
  await screenshot(ann.page, 'console-help-390')
  await ann.page.keyboard.press('Escape')
  await ann.page.keyboard.press('a')
  await ann.page.getByRole('main', { name: 'Vera Lind' }).waitFor()
  await answer(ann.page, 'hello!')
  await screenshot(ann.page, 'console-talk-390')
  await ann.page.keyboard.press('Escape')
  await ann.page.keyboard.press('h')
  await ann.page.getByText('On hold · you').waitFor()
  await ann.page.keyboard.press('h')
  await ann.page.getByText('Open · you').waitFor()
  await ann.page.keyboard.press('n')
  await ann.page.getByRole('textbox', { name: 'Note' }).waitFor()
  await ann.page.keyboard.press('Escape')
  await ann.page.keyboard.press('e')
  await ann.page.getByText('It has ended').waitFor()
  await vera.frame.getByText('How was it?').waitFor()
  await ann.page.getByRole('button', { name: 'Back to the list' }).click()
  await ann.page.keyboard.press('4')
  await lineOf(ann.page, 'Vera Lind').waitFor()
  for (const { page } of [ann, vera]) await page.context().close()
})
