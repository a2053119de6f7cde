/** `npm run docs`: writes what is generated of the documents; with `--check` it writes nothing and fails if something is stale. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildDocuments, ROOT } from './docs-build.ts'

const stale = (await buildDocuments()).filter(({ text, current }) => text !== current)
if (process.argv.includes('--check')) {
  for (const { path } of stale) console.error(`${path} is not what the code says: run npm run docs`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), text)
  }
  console.log(
    stale.length === 0 ? 'the documents are as the code says' : `written: ${stale.map(({ path }) => path).join(', ')}`,
  )
}
