import { randomBytes } from 'node:crypto'
import { connect, login, type Switchboard } from '@switchboard/client'
import type { Browser, Page } from 'playwright-core'
import { openWindow } from './chromium.ts'

export const DESK = { width: 1280, height: 800 }
export const PHONE = { width: 390, height: 844 }

const PASSWORD = 'switchboard'

/** Makes an account with the page's own form and is logged in after it. */
export async function signUp(page: Page, user: string, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('User name').fill(user)
  await page.getByLabel('Name that others see').fill(name)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('button', { name: 'New conversation' }).first().waitFor()
}

export async function createGroup(page: Page, title: string, members: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: 'New conversation' }).first().click()
  await page.getByText('Group', { exact: true }).click()
  await page.getByPlaceholder('Title').fill(title)
  await page.getByPlaceholder('User names, separated by spaces').fill(members.join(' '))
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByRole('heading', { name: title }).waitFor()
}

export const enterRoom = async (page: Page, title: string): Promise<void> => {
  await page.getByRole('link', { name: title }).click()
  await page.getByRole('main', { name: title }).waitFor()
}

export const back = (page: Page): Promise<void> => page.getByRole('button', { name: 'Back to conversations' }).click()

export async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
}

/** Id of the room that the page shows. */
export const roomOf = (page: Page): string => decodeURIComponent(new URL(page.url()).hash.slice('#/room/'.length))

/** The same person in Node, beside the page. */
export async function signIn(url: string, user: string): Promise<Switchboard> {
  const { token } = await login(url, user, PASSWORD)
  return await connect({ url, user, token })
}

/** The confirmed message with this text. */
export const messageOf = (page: Page, text: string) => page.locator('[data-row="message"]', { hasText: text })

/** Texts of the confirmed messages in the page, top to bottom. */
export const textsOf = (page: Page): Promise<string[]> => page.locator('[data-row="message"] .text').allTextContents()

export const badgeOf = (page: Page, title: string) => page.getByRole('link', { name: title }).locator('.badge')

/** People of this test alone. */
const fresh = (name: string) => `${name}-${randomBytes(4).toString('hex')}`

/** Two people in two windows, and a room of both, open in the first one. */
export async function twoInARoom(browser: Browser, url: string, { other = DESK, title = 'Harbour watch' } = {}) {
  const [alice, bob] = [fresh('alice'), fresh('bob')]
  const [a, b] = await Promise.all([openWindow(browser, url, DESK), openWindow(browser, url, other)])
  await Promise.all([signUp(a.page, alice, 'Alice Marin'), signUp(b.page, bob, 'Bob Keller')])
  await createGroup(a.page, title, [bob])
  await b.page.getByRole('link', { name: title }).waitFor()
  const close = async () => {
    await Promise.all([a.page.context().close(), b.page.context().close()])
  }
  return { alice, bob, a, b, title, [Symbol.asyncDispose]: close }
}
