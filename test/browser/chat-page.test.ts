import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Room } from '@switchboard/client'
import type { Browser, Page } from 'playwright-core'
import { launchChromium, screenshot } from './chromium.ts'
import { back, badgeOf, enterRoom, messageOf, PHONE, roomOf, say, signIn, textsOf, twoInARoom } from './people.ts'
import { pageSystem } from './system.ts'
import { until } from './until.ts'

/** More than the page holds at a time. */
const LINES = 300

let system: Awaited<ReturnType<typeof pageSystem>>
let browser: Browser

before(async () => {
  ;[system, browser] = await Promise.all([pageSystem(), launchChromium()])
})
after(async () => {
  await browser?.close()
  await system?.[Symbol.asyncDispose]()
})

test('two windows, when both write, then both show the same in the same order, and no complaint', async () => {
  await using both = await twoInARoom(browser, system.url, { other: PHONE })
  const { a, b, title } = both
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
  await until('typing is shown', async () => {
    await b.page.getByRole('textbox', { name: 'Message' }).pressSequentially('…')
    return await a.page.getByText('Bob Keller is writing').isVisible()
  })
  await a.page.getByText('2 members, 2 online').waitFor()
  await messageOf(a.page, 'from the phone 4').hover()
  await messageOf(a.page, 'from the phone 4').getByRole('button', { name: 'React with 👍' }).click()
  await b.page.getByRole('button', { name: '👍 1: Alice Marin' }).waitFor()
  await screenshot(a.page, 'chat-1280')
  await screenshot(b.page, 'chat-390')
  assert.deepEqual([...a.complaints, ...b.complaints], [])
})

test('a message that one wrote, when edited with the keyboard and deleted, then the other sees both', async () => {
  await using both = await twoInARoom(browser, system.url)
  const { a, b, title } = both
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
  await using both = await twoInARoom(browser, system.url, { other: PHONE })
  const { a, b, title } = both
  for (const text of ['one', 'two', 'three']) await say(a.page, text)
  await badgeOf(b.page, title).getByText('3 unread', { exact: true }).waitFor()
  await until('the title counts', async () => (await b.page.title()) === '(3) Switchboard')
  await screenshot(b.page, 'list-390')
  await enterRoom(b.page, title)
  await b.page.locator('[data-row="new"]').waitFor()
  await messageOf(b.page, 'three').waitFor()
  await messageOf(a.page, 'three').getByTitle('Read').waitFor()
  await back(b.page)
  await badgeOf(b.page, title).waitFor({ state: 'detached' })
  await say(a.page, 'four')
  await badgeOf(b.page, title).getByText('1 unread', { exact: true }).waitFor()
})

test('a long room, when scrolled up, then older messages come in order and the place is kept', async () => {
  await using both = await twoInARoom(browser, system.url)
  const { alice, a, b, title } = both
  await using writer = await signIn(system.url, alice)
  await fill(writer.room(roomOf(a.page)), LINES)
  await enterRoom(b.page, title)
  await messageOf(b.page, `line ${LINES - 1}`)
    .first()
    .waitFor()
  const scroller = b.page.locator('.scroller')
  for (let oldest = LINES - 1; oldest > 0; ) {
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
  await until('the beginning is said', async () => {
    await scroller.evaluate((element) => element.scrollTo({ top: 0 }))
    return await b.page.getByText('This is the beginning.').isVisible()
  })
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

test('an edge that is killed while both write, when it is back, then nothing is missing, twice or out of order', async () => {
  await using both = await twoInARoom(browser, system.url, { other: PHONE })
  const { a, b, title } = both
  await enterRoom(b.page, title)
  const edge = system.system.process('edge')
  const each = 12
  for (let i = 0; i < each; i++) {
    await Promise.all([say(a.page, `desk ${i}`), say(b.page, `phone ${i}`)])
    if (i === 3) edge.kill('SIGKILL')
    if (i === 8) await edge.restart()
  }
  for (const { page } of [a, b]) {
    await until('all are there', async () => (await textsOf(page)).length === 2 * each)
    await outgoing(page).first().waitFor({ state: 'detached' })
  }
  const texts = await textsOf(a.page)
  assert.deepEqual(await textsOf(b.page), texts)
  for (const who of ['desk', 'phone']) {
    const own = Array.from({ length: each }, (_, i) => `${who} ${i}`)
    assert.deepEqual(
      texts.filter((text) => text.startsWith(who)),
      own,
    )
  }
})

/** Runs in the page before its own scripts do. */
const keepSession = (session: string | null) => {
  sessionStorage.setItem('switchboard.session', session ?? '')
}
const outgoing = (page: Page) => page.locator('[data-row="outgoing"]')

test('a window that is offline, when one writes there, then it is pending, and sent in order on return', async () => {
  await using both = await twoInARoom(browser, system.url, { other: PHONE })
  const { a, b, title } = both
  await enterRoom(b.page, title)
  await b.page.context().setOffline(true)
  await b.page.getByText('You are offline.').waitFor()
  for (const text of ['first', 'second', 'third']) await say(b.page, text)
  await b.page.getByText('3 messages are waiting to be sent.').waitFor()
  assert.deepEqual(await outgoing(b.page).evaluateAll((rows) => rows.map((row) => row.getAttribute('data-state'))), [
    'pending',
    'pending',
    'pending',
  ])
  for (let i = 0; i < 30; i++) await say(a.page, `meanwhile ${i}`)
  await messageOf(a.page, 'meanwhile 29').waitFor()
  await screenshot(b.page, 'offline-390')
  await b.page.context().setOffline(false)
  await messageOf(a.page, 'third').waitFor()
  await outgoing(b.page).first().waitFor({ state: 'detached' })
  const expected = [...Array.from({ length: 30 }, (_, i) => `meanwhile ${i}`), 'first', 'second', 'third']
  for (const { page } of [a, b]) {
    await until('all are there', async () => (await textsOf(page)).length === expected.length)
    assert.deepEqual(await textsOf(page), expected)
  }
  assert.equal(await b.page.getByText('You are offline.').count(), 0)
})

test('what was written offline, when the page is loaded again, then it is still sent, once', async () => {
  await using both = await twoInARoom(browser, system.url)
  const { a, b, title } = both
  await enterRoom(b.page, title)
  await b.page.context().setOffline(true)
  await say(b.page, 'kept over a reload')
  await outgoing(b.page).waitFor()
  // The page itself comes from the server, so the network must be back before it is loaded: by then, in another window.
  const url = b.page.url()
  const session = await b.page.evaluate(() => sessionStorage.getItem('switchboard.session'))
  await b.page.goto('about:blank')
  await b.page.context().setOffline(false)
  await b.page.addInitScript(keepSession, session)
  await b.page.goto(url)
  await messageOf(a.page, 'kept over a reload').waitFor()
  await messageOf(b.page, 'kept over a reload').waitFor()
  assert.equal((await textsOf(a.page)).filter((text) => text === 'kept over a reload').length, 1)
})

test('a message that is refused, when it fails, then its writer sees why and can try again or discard it', async () => {
  await using both = await twoInARoom(browser, system.url)
  const { a, b, alice, bob, title } = both
  await enterRoom(b.page, title)
  await b.page.context().setOffline(true)
  await say(b.page, 'too late')
  await outgoing(b.page).waitFor()
  await using owner = await signIn(system.url, alice)
  await owner.call('room.role', { cid: 'to-reader', room: roomOf(a.page), user: bob, role: 'reader' })
  await b.page.context().setOffline(false)
  await b.page.getByText('Not sent:').waitFor()
  await owner.call('room.role', { cid: 'to-member', room: roomOf(a.page), user: bob, role: 'member' })
  await b.page.getByRole('button', { name: 'Try again' }).click()
  await messageOf(a.page, 'too late').waitFor()
  await outgoing(b.page).waitFor({ state: 'detached' })
})

test('texts that would be markup or code elsewhere, when shown, then they are text and only safe links lead away', async () => {
  await using both = await twoInARoom(browser, system.url)
  const { a, b, title } = both
  await enterRoom(b.page, title)
  const texts = [
    '<img src=x onerror="document.title=1">',
    '<script>document.title=1</script>',
    'javascript:alert(1) data:text/html,x vbscript:x',
    'see https://example.org/a?b=1&c=<2>, www.example.org and mailto:me@example.org.',
    '{{ 7 * 7 }} and %{7 * 7}',
  ]
  for (const text of texts) await say(a.page, text)
  await until('all are there', async () => (await textsOf(b.page)).length === texts.length)
  assert.deepEqual(await textsOf(b.page), texts)
  const links = b.page.locator('[data-row="message"] a')
  assert.deepEqual(await links.evaluateAll((all) => all.map((link) => link.getAttribute('href'))), [
    'https://example.org/a?b=1&c=',
    'https://www.example.org/',
    'mailto:me@example.org',
  ])
  for (const rel of await links.evaluateAll((all) => all.map((link) => link.getAttribute('rel')))) {
    assert.match(rel ?? '', /noopener/)
  }
  assert.equal(await b.page.locator('[data-row="message"] :is(img, script)').count(), 0)
  assert.deepEqual([...a.complaints, ...b.complaints], [])
})

test('a session that is not valid any more, when the page is loaded, then the log-in form says so', async () => {
  await using both = await twoInARoom(browser, system.url)
  const { a } = both
  await a.page.evaluate(() => {
    const session = JSON.parse(sessionStorage.getItem('switchboard.session') ?? '{}')
    sessionStorage.setItem('switchboard.session', JSON.stringify({ ...session, token: 'nonsense' }))
  })
  await a.page.reload()
  await a.page.getByText('You were signed out').waitFor()
})
