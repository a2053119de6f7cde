import { findProgram } from '../system/command.ts'
import { SetupError } from '../system/setup-error.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The browser for the browser tests. @throws SetupError that says how to get one. */
export function findChromium(): string {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  for (const name of NAMES) {
    const found = findProgram(name)
    if (found) return found
  }
  throw new SetupError(
    'the browser tests need Chromium: install it (`apt-get install chromium`, `brew install --cask chromium`) ' +
      'or give the path of a Chrome in CHROMIUM',
  )
}
