import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findChromium } from '../../tools/testing/chromium.ts'

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const WAIT_MS_MAX = 60_000
/** Screenshots of the last run, for people to look at. */
export const ARTIFACTS = fileURLToPath(new URL('../../.cache/browser', import.meta.url))

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), args: FLAGS, env: { LANG: 'C.UTF-8', TZ: 'UTC' } })

export interface Window {
  readonly page: Page
  /** What the page complained about: uncaught errors, refused content, failed assets. */
  readonly complaints: string[]
}

export interface WindowOptions {
  readonly width: number
  readonly height: number
  readonly dark?: boolean
}

/** A window of its own: neither storage nor session is common with another one. */
export async function openWindow(browser: Browser, url: string, options: WindowOptions): Promise<Window> {
  const context = await browser.newContext({
    viewport: { width: options.width, height: options.height },
    colorScheme: options.dark ? 'dark' : 'light',
    locale: 'en-GB',
  })
  context.setDefaultTimeout(WAIT_MS_MAX)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  await page.goto(url)
  return { page, complaints }
}

/** @returns where it was written. */
export async function screenshot(page: Page, name: string): Promise<string> {
  mkdirSync(ARTIFACTS, { recursive: true })
  const path = join(ARTIFACTS, `${name}.png`)
  await page.screenshot({ path })
  return path
}
