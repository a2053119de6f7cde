import axe from 'axe-core'
import type { Frame, Page } from 'playwright-core'
import { openWindow, screenshot, type WindowOptions } from './chromium.ts'
import type { ConsoleStage } from './consoles.ts'
import { DESK, PHONE } from './people.ts'

const GRAVE = new Set(['serious', 'critical'])

interface Violation {
  readonly id: string
  readonly impact: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** What axe finds serious in a page or a frame: one line for each element. */
export async function graveIn(frame: Page | Frame): Promise<string[]> {
  await frame.evaluate(axe.source)
  const run = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)"
  const violations: Violation[] = await frame.evaluate(run)
  return violations
    .filter(({ impact }) => GRAVE.has(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`))
}

/** The four looks that every page must have. */
export const LOOKS: Readonly<Record<string, WindowOptions>> = {
  '1280': DESK,
  '1280-dark': { ...DESK, dark: true },
  '390': PHONE,
  '390-dark': { ...PHONE, dark: true },
}

/** Opens a page in each look, brings it to what is to be seen, and audits it. @returns all that is grave. */
export async function auditEach(
  { browser }: Pick<ConsoleStage, 'browser'>,
  what: {
    readonly name: string
    readonly url: string
    readonly show: (page: Page) => Promise<Page | Frame | undefined>
  },
): Promise<string[]> {
  const found: string[] = []
  for (const [look, size] of Object.entries(LOOKS)) {
    const { page } = await openWindow(browser, what.url, size)
    const part = await what.show(page)
    await screenshot(page, `look-${what.name}-${look}`)
    found.push(...(await graveIn(part ?? page)).map((line) => `${what.name} ${look}: ${line}`))
    await page.context().close()
  }
  return found
}
