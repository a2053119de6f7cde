import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { ROOT } from './render.ts'

const DASHBOARDS = join(ROOT, 'helm/switchboard/files/dashboards')
const SCHEMA = '@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen'
const OPTIONS: ts.CompilerOptions = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  types: [],
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
}

/**
 * Grafana publishes the schema of its dashboards as types, generated from the one that it reads dashboards by: each dashboard is held
 * against them as a literal, so that a property that Grafana does not know is found as well.
 * @returns by name of the dashboard, what does not fit.
 */
function misfits(dashboards: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const sources = new Map(
    [...dashboards].map(([name, json]) => [
      join(ROOT, 'test/charts', `${name}.virtual.ts`),
      `import type { Dashboard } from '${SCHEMA}'\nexport const dashboard: Dashboard = ${json}`,
    ]),
  )
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, getSourceFile } = host
  host.fileExists = (path) => sources.has(path) || fileExists(path)
  host.getSourceFile = (path, version, ...rest) => {
    const text = sources.get(path)
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version)
  }
  const program = ts.createProgram([...sources.keys()], OPTIONS, host)
  const said = (path: string) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
  return new Map([...dashboards.keys()].map((name, i) => [name, said([...sources.keys()][i] ?? '')]))
}

const files = readdirSync(DASHBOARDS).filter((file) => file.endsWith('.json'))
const ours = new Map(files.map((file) => [file, readFileSync(join(DASHBOARDS, file), 'utf8')]))

test('every dashboard, held against the schema that Grafana publishes, fits', () => {
  assert.ok(ours.size >= 8, `${ours.size} dashboards`)
  assert.deepEqual(
    [...misfits(ours)].filter(([, said]) => said.length > 0),
    [],
  )
})

test('dashboards that are wrong in one place each, held against the schema, do not fit', () => {
  const [good = ''] = ours.values()
  const parsed = () => JSON.parse(good) as { panels: Record<string, unknown>[]; [key: string]: unknown }
  const wrong = {
    'a word for a number': { ...parsed(), schemaVersion: 'newest' },
    'a property that nobody knows': { ...parsed(), pannels: [] },
    'a panel without a type': { ...parsed(), panels: [{ ...parsed().panels[1], type: undefined }] },
    'a place in words': { ...parsed(), panels: [{ ...parsed().panels[1], gridPos: 'left' }] },
    'no version of the schema': { ...parsed(), schemaVersion: undefined },
  }
  const all = new Map(
    Object.entries(wrong).map(([what, dashboard]) => [what.replaceAll(' ', '-'), JSON.stringify(dashboard)]),
  )
  for (const [what, said] of misfits(all)) assert.notDeepEqual(said, [], what)
})
