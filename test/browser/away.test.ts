import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchChromium, screenshot } from './chromium.ts'
import { DESK, enterRoom, messageOf, PHONE, roomOf, say, signIn, textsOf, twoInARoom } from './people.ts'
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

/** Runs in the page before its own scripts do. */
const keepSession = (session: string | null) => {
  sessionStorage.setItem('switchboard.session', session ?? '')
}
const outgoing = (page: Page) => page.locator('[data-row="outgoing"]')

test('a window that is offline, when one writes there, then it is pending, and sent in order on return', async () => {
  const { a, b, title } = await twoInARoom(browser, system.url, { other: PHONE })
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
  const { a, b, title } = await twoInARoom(browser, system.url)
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
  const { a, b, alice, bob, title } = await twoInARoom(browser, system.url)
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
  const { a, b, title } = await twoInARoom(browser, system.url)
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
  const { a } = await twoInARoom(browser, system.url, { other: DESK })
  await a.page.evaluate(() => {
    const session = JSON.parse(sessionStorage.getItem('switchboard.session') ?? '{}')
    sessionStorage.setItem('switchboard.session', JSON.stringify({ ...session, token: 'nonsense' }))
  })
  await a.page.reload()
  await a.page.getByText('You were signed out').waitFor()
})
