import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Room } from '@switchboard/client'
import type { Browser, Page } from 'playwright-core'
import { launchChromium, screenshot } from './chromium.ts'
import { back, badgeOf, enterRoom, messageOf, PHONE, roomOf, say, signIn, textsOf, twoInARoom } from './people.ts'
import { startSystem } from './system.ts'
import { until } from './until.ts'

let system: Awaited<ReturnType<typeof startSystem>>
let browser: Browser

before(async () => {
  ;[system, browser] = await Promise.all([startSystem(), launchChromium()])
})
after(async () => {
  await browser?.close()
  await system?.[Symbol.asyncDispose]()
})

test('two windows, when both write, then both show the same in the same order, and no complaint', async () => {
  const { a, b, title } = await twoInARoom(browser, system.url, { other: PHONE })
  await enterRoom(b.page, title)
  for (let round = 0; round < 5; round++) {
    await Promise.all([say(a.page, `from the desk ${round}`), say(b.page, `from the phone ${round}`)])
  }
  for (const { page } of [a, b]) await page.locator('[data-row="message"]').nth(9).waitFor()
  const [seen, other] = [await textsOf(a.page), await textsOf(b.page)]
  assert.equal(seen.length, 10)
  assert.deepEqual(seen, other)
  assert.deepEqual(
    seen.filter((text) => text.includes('phone')),
    Array.from({ length: 5 }, (_, round) => `from the phone ${round}`),
  )
  await b.page.getByRole('textbox', { name: 'Message' }).pressSequentially('thinking')
  await a.page.getByText('Bob Keller is writing').waitFor()
  await a.page.getByText('2 members, 2 online').waitFor()
  await messageOf(a.page, 'from the phone 4').hover()
  await messageOf(a.page, 'from the phone 4').getByRole('button', { name: 'React with 👍' }).click()
  await b.page.getByRole('button', { name: '👍 1: Alice Marin' }).waitFor()
  await screenshot(a.page, 'chat-1280')
  await screenshot(b.page, 'chat-390')
  assert.deepEqual([...a.complaints, ...b.complaints], [])
})

test('a message that one wrote, when edited with the keyboard and deleted, then the other sees both', async () => {
  const { a, b, title } = await twoInARoom(browser, system.url)
  await enterRoom(b.page, title)
  await say(a.page, 'see you at nne')
  for (const { page } of [a, b]) await messageOf(page, 'see you at nne').waitFor()
  await a.page.keyboard.press('ArrowUp')
  await a.page.getByText('Editing your message').waitFor()
  await a.page.keyboard.press('End')
  for (let i = 0; i < 3; i++) await a.page.keyboard.press('Backspace')
  await a.page.keyboard.type('nine')
  await a.page.keyboard.press('Enter')
  await messageOf(b.page, 'see you at nine').getByText('edited').waitFor()
  await messageOf(b.page, 'see you at nine').hover()
  await messageOf(b.page, 'see you at nine').getByRole('button', { name: 'Reply' }).click()
  await say(b.page, 'fine')
  await messageOf(a.page, 'fine').getByText('Alice Marin').waitFor()
  await messageOf(a.page, 'see you at nine').first().hover()
  await messageOf(a.page, 'see you at nine').first().getByRole('button', { name: 'Delete' }).click()
  await a.page.getByRole('button', { name: 'Really delete' }).click()
  await b.page.locator('[data-row="message"] i', { hasText: 'Message deleted' }).waitFor()
  assert.equal(await b.page.getByText('see you at nine').count(), 0)
})

test('a room one is not looking at, when somebody writes, then its badge counts until it is read', async () => {
  const { a, b, title } = await twoInARoom(browser, system.url, { other: PHONE })
  for (const text of ['one', 'two', 'three']) await say(a.page, text)
  await badgeOf(b.page, title).getByText('3', { exact: true }).waitFor()
  await until('the title counts', async () => (await b.page.title()) === '(3) Switchboard')
  await screenshot(b.page, 'list-390')
  await enterRoom(b.page, title)
  await b.page.locator('[data-row="new"]').waitFor()
  await messageOf(b.page, 'three').waitFor()
  await messageOf(a.page, 'three').getByTitle('Read').waitFor()
  await back(b.page)
  await badgeOf(b.page, title).waitFor({ state: 'detached' })
  await say(a.page, 'four')
  await badgeOf(b.page, title).getByText('1', { exact: true }).waitFor()
})

test('a long room, when scrolled up, then older messages come in order and the place is kept', async () => {
  const { alice, a, b, title } = await twoInARoom(browser, system.url)
  await using writer = await signIn(system.url, alice)
  await fill(writer.room(roomOf(a.page)), 400)
  await enterRoom(b.page, title)
  await messageOf(b.page, 'line 399').first().waitFor()
  const scroller = b.page.locator('.scroller')
  for (let oldest = 399; oldest > 0; ) {
    await scroller.evaluate((element) => element.scrollTo({ top: 0 }))
    const before = oldest
    await until('older lines come', async () => lineOf((await textsOf(b.page))[0]) < before)
    const texts = await textsOf(b.page)
    oldest = lineOf(texts[0])
    assert.deepEqual(
      texts,
      Array.from({ length: texts.length }, (_, i) => `line ${oldest + i}`),
    )
    assert.ok(texts.length <= 240, 'the page holds a bounded number')
  }
  await b.page.getByText('This is the beginning.').waitFor()
  const before = await topOf(b.page, 'line 30')
  await say(a.page, 'news from below')
  await b.page.getByRole('button', { name: 'Jump to the latest message' }).getByText(/\d/).waitFor()
  assert.ok(Math.abs((await topOf(b.page, 'line 30')) - before) < 2, 'the reader’s place is kept')
  await b.page.getByRole('button', { name: 'Jump to the latest message' }).click()
  await messageOf(b.page, 'news from below').waitFor()
  await messageOf(a.page, 'news from below').getByTitle('Read').waitFor()
})

const lineOf = (text: string | undefined): number => Number(text?.slice('line '.length))

async function fill(room: Room, count: number): Promise<void> {
  const sent = Array.from({ length: count }, (_, line) => room.send(`line ${line}`).settled)
  assert.ok((await Promise.all(sent)).every(({ state }) => state === 'sent'))
}

async function topOf(page: Page, text: string): Promise<number> {
  const box = await page.locator('[data-row="message"]', { has: page.getByText(text, { exact: true }) }).boundingBox()
  assert.ok(box)
  return box.y
}
