import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { buildWebPage } from '../../tools/system/web-page.ts'

const DIST = fileURLToPath(new URL('../../web/dist', import.meta.url))
const KIB = 1_024
/** What every page of a site loads: it must not be felt. */
const SCRIPT_BYTES_MAX = 4 * KIB
/** What is loaded on top when somebody opens the widget, or has a conversation that goes on. */
const FRAME_BYTES_MAX = 56 * KIB

before(() => buildWebPage(() => {}))

const zipped = (path: string): number => gzipSync(readFileSync(join(DIST, path)), { level: 9 }).byteLength

/** The page and every file that it loads, and those that they import. */
function closure(page: string): string[] {
  const files = new Set([page])
  for (const file of files) {
    const text = readFileSync(join(DIST, file), 'utf8')
    for (const name of readdirSync(join(DIST, 'assets'))) if (text.includes(name)) files.add(`assets/${name}`)
  }
  return [...files]
}

test('the widget that is built, then its script and its frame are within their sizes', (context) => {
  const frame = closure('widget.html')
  const sizes = { script: zipped('widget.js'), frame: frame.reduce((sum, file) => sum + zipped(file), 0) }
  context.diagnostic(`gzip: script ${sizes.script} bytes, frame ${sizes.frame} bytes in ${frame.length} files`)
  assert.ok(frame.some((file) => file.endsWith('.js')) && frame.some((file) => file.endsWith('.css')), 'it has parts')
  assert.ok(sizes.script <= SCRIPT_BYTES_MAX, `the script has ${sizes.script} bytes`)
  assert.ok(sizes.frame <= FRAME_BYTES_MAX, `the frame has ${sizes.frame} bytes`)
})
