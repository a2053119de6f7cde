import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

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
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const WAIT_MS_MAX = 30_000
/** Screenshots of the last run, for people to look at. */
export const ARTIFACTS = fileURLToPath(new URL('../../.cache/browser', import.meta.url))

/** The browser that CHROMIUM names, or the first one on the PATH. */
function findChromium(): string {
  const search = `for c in "$CHROMIUM" ${NAMES.join(' ')}; do command -v "$c" && exit; done; exit 1`
  try {
    return execFileSync('sh', ['-c', search], { encoding: 'utf8' }).trim()
  } catch {
    throw new Error('There is no Chromium: install the package "chromium", or name one in CHROMIUM.')
  }
}

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
