import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { SourceEdit } from './edits.ts'
import { type Armed, hitsFile, switchFile } from './inside.ts'
import { Switches } from './switches.ts'

const moduleHere = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)

interface Fixture extends AsyncDisposable {
  readonly path: string
  on(name: string, armed: Armed): Promise<void>
  hits(name: string): Promise<number>
  /** Runs `main.ts` with the edits in its sources. */
  run(): {
    readonly output: string
    readonly error: string
    readonly signal: NodeJS.Signals | null
    readonly code: number
  }
}

/** Two modules in a folder of their own, the first of which uses what the second says. */
async function fixture(edits: readonly Partial<SourceEdit>[]): Promise<Fixture> {
  const path = await mkdtemp(join(tmpdir(), 'switchboard-edits-'))
  const all = edits.map((edit) => ({ name: 'an edit', file: 'told.ts', how: 'expression', ...edit }))
  await writeFile(join(path, 'told.ts'), 'export const told: number = (1 as number) + 1\n')
  await writeFile(join(path, 'main.ts'), `import { told } from './told.ts'\nconsole.log('told', told)\n`)
  await writeFile(
    join(path, 'preload.ts'),
    `import { editSources } from ${moduleHere('load-hook.ts')}
     import { switchesInside } from ${moduleHere('inside.ts')}
     globalThis.faultSwitches = switchesInside(${JSON.stringify(path)})
     editSources(new URL('./', import.meta.url), ${JSON.stringify(all)})`,
  )
  return {
    path,
    on: (name, armed) => writeFile(switchFile(path, name), JSON.stringify(armed)),
    hits: async (name) => (await readFile(hitsFile(path, name), 'utf8')).trim().split('\n').length,
    run: () => runNode(pathToFileURL(join(path, 'preload.ts')).href, join(path, 'main.ts')),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

function runNode(preload: string, main: string) {
  const args = ['--disable-warning=ExperimentalWarning', `--import=${preload}`, main]
  const { stdout, stderr, signal, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
  return { output: stdout.trim(), error: stderr, signal, code: status ?? -1 }
}

test('the switch of an edit is off, then on, then the module says the old and the new thing', async () => {
  await using folder = await fixture([{ find: '1 as number', replace: '41 satisfies number' }])
  assert.equal(folder.run().output, 'told 2')
  await folder.on('an edit', { once: false })
  assert.equal(folder.run().output, 'told 42')
  assert.equal(folder.run().output, 'told 42')
  assert.equal(await folder.hits('an edit'), 2)
})

test('a switch is on for once, then only the first process that meets it is edited', async () => {
  await using folder = await fixture([{ find: '1 as number', replace: '41' }])
  await folder.on('an edit', { once: true })
  assert.equal(folder.run().output, 'told 42')
  assert.equal(folder.run().output, 'told 2')
  assert.equal(await folder.hits('an edit'), 1)
})

test('a switch is on for other processes, then this one is as it was', async () => {
  await using folder = await fixture([{ find: '1 as number', replace: '41' }])
  await folder.on('an edit', { once: false, pids: [1] })
  assert.equal(folder.run().output, 'told 2')
})

test('a crash point is on, then the process is killed there and says nothing more', async () => {
  await using folder = await fixture([
    { file: 'main.ts', find: 'console.log', how: 'before', replace: 'globalThis.faultSwitches.crash()' },
  ])
  assert.equal(folder.run().output, 'told 2')
  await folder.on('an edit', { once: true })
  const { signal, output } = folder.run()
  assert.deepEqual({ signal, output }, { signal: 'SIGKILL', output: '' })
  assert.equal(folder.run().output, 'told 2')
})

test('the text of an edit is not in its file, then the process ends and says which edit it was', async () => {
  await using folder = await fixture([{ find: '2 as number', replace: '41' }])
  const { code, output, error } = folder.run()
  assert.notEqual(code, 0)
  assert.equal(output, '')
  assert.match(error, /the edit "an edit" must find its text exactly once in told\.ts, and finds it not at all/)
})

test('the switches of a world are made, then a real module is loaded with every edit in it and its switch off', async () => {
  await using switches = await Switches.create()
  const lane = new URL('../../../services/router/src/lane.ts', import.meta.url)
  const { code, error } = runNode(switches.module, fileURLToPath(lane))
  assert.deepEqual({ code, error }, { code: 0, error: '' })
  await switches.on('who-writes', { once: true })
  assert.deepEqual([switches.isOn('who-writes'), await switches.hits('who-writes')], [true, []])
  await switches.off('who-writes')
  assert.equal(switches.isOn('who-writes'), false)
})
