import type { Browser, FrameLocator, Page } from 'playwright-core'
import type { FlowSystem } from '../flow/flow-fixture.ts'
import { launchChromium, openWindow, type Window, type WindowOptions } from './chromium.ts'
import { API_KEY, type Desk } from './desks.ts'
import { type HostPage, hostPage, openWidget, scriptTag } from './host-page.ts'
import { DESK } from './people.ts'
import { pageSystem } from './system.ts'

/** The whole system, a browser, and a site that shows the widget. */
export interface ConsoleStage extends AsyncDisposable {
  readonly system: FlowSystem
  readonly browser: Browser
  readonly site: HostPage
}

export async function consoleStage(env: Readonly<Record<string, string>> = {}): Promise<ConsoleStage> {
  await using stack = new AsyncDisposableStack()
  const site = stack.use(await hostPage())
  const system = stack.use(await pageSystem({ API_KEYS: API_KEY, WIDGET_SITES: site.url, ...env }))
  const browser = stack.adopt(await launchChromium(), (opened) => opened.close())
  const owned = stack.move()
  return { system, browser, site, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export async function logInAt(page: Page, user: string): Promise<void> {
  await page.getByLabel('User name').fill(user)
  await page.getByLabel('Password').fill('switchboard')
  await page.getByRole('button', { name: 'Log in' }).click()
}

export interface AgentOptions extends WindowOptions {
  /** Of the agents of the desk. */
  readonly which: number
  readonly status?: string
}

/** An agent at the console, logged in by its own form, with this status. */
export async function agentPage(stage: ConsoleStage, desk: Desk, options: AgentOptions): Promise<Window> {
  const { which, status = 'online', ...size } = options
  const window = await openWindow(stage.browser, `${stage.system.url}/console?desk=${desk.desk}`, size)
  const { page } = window
  await logInAt(page, desk.agents[which] ?? '')
  await page.getByRole('heading', { name: 'Shop support' }).waitFor()
  if (status !== 'offline') await page.getByLabel('Your status').selectOption(status)
  return window
}

/** A visitor of the site, with the widget open. */
export async function visitor(
  stage: ConsoleStage,
  desk: Desk,
  name: string,
): Promise<{ page: Page; frame: FrameLocator }> {
  const { browser, site, system } = stage
  site.show(scriptTag(system.url, desk.desk, `data-name="${name}" data-field-plan="pro"`))
  const { page } = await openWindow(browser, site.url, DESK)
  return { page, frame: await openWidget(page) }
}

export const lineOf = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(`^${name}`) })
export const accept = (page: Page) => page.getByRole('button', { name: /^Accept/ }).first()
/** The name over the conversation that is open. */
export const openedAs = (page: Page, name: string) => page.locator('header .about h2', { hasText: name })
export const saidIn = (page: Page, text: string) => page.locator('.said .text', { hasText: text })

export async function answer(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
  await saidIn(page, text).waitFor()
}
