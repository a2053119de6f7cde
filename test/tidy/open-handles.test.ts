import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { isTest } from './source.ts'
import { ROOT, readTree } from './tree.ts'

const SECONDS_MAX = 60
/** Programs of their own, which others start and nobody imports. */
const PROGRAMS = /\/main\.ts$|^libs\/testkit\/src\/containers-reaper\.ts$/
/** Pipes to this test, which the child has from its birth. */
const OWN = new Set(['PipeWrap', 'TTYWrap'])

/** Between what modules print by themselves, which must be nothing, and what was found. */
const MARK = '@found '

const SCRIPT = `
const own = new Set(${JSON.stringify([...OWN])})
const open = () => process.getActiveResourcesInfo().filter((kind) => !own.has(kind))
const found = {}
for (const url of JSON.parse(process.argv[1])) {
  const before = open()
  await import(url)
  const left = open()
  for (const kind of before) { const at = left.indexOf(kind); if (at !== -1) left.splice(at, 1) }
  if (left.length > 0) found[url] = left
}
process.stdout.write('${MARK}' + JSON.stringify(found))
`

test('every module of libs and services, imported, leaves nothing open and the process ends by itself', async () => {
  const modules = readTree()
    .filter((file) => /^(libs|services)\/[^/]+\/src\/.*\.ts$/.test(file.path))
    .filter((file) => !PROGRAMS.test(file.path) && !isTest(file))
    .map(({ path }) => pathToFileURL(`${ROOT}${path}`).href)
  assert.ok(modules.length > 50, `only ${modules.length} modules were found`)
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', SCRIPT, JSON.stringify(modules)]
  const child = spawn(process.execPath, args, { cwd: ROOT, timeout: SECONDS_MAX * 1000 })
  let output = ''
  let complaints = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const [code, signal] = await once(child, 'close')
  assert.equal(signal, null, 'the process does not end by itself')
  assert.equal(code, 0, complaints)
  const [printed, found = ''] = output.split(MARK)
  assert.equal(printed, '', 'a module prints when it is imported')
  assert.deepEqual(JSON.parse(found), {})
})
