import { isBuiltin } from 'node:module'
import { dirname, normalize } from 'node:path/posix'
import type { Check, Finding } from './check.ts'
import { type Import, importsOf, isScript, isTesting } from './source.ts'
import type { TextFile } from './tree.ts'

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Folder of the package that a file is in: `services/edge`, `libs/bus`, `web`, or `` for the root's tests and tools. */
export const packageOf = (path: string): string => /^(services\/[^/]+|libs\/[^/]+|web)\//.exec(path)?.[1] ?? ''

const manifestsOf = (files: readonly TextFile[]): Map<string, Manifest> =>
  new Map(
    files
      .filter(({ path }) => /^(services\/[^/]+\/|libs\/[^/]+\/|web\/)?package\.json$/.test(path))
      .map(({ path, text }) => [dirname(path) === '.' ? '' : dirname(path), JSON.parse(text) as Manifest]),
  )

/** `@scope/name` or `name` out of an import; null for relative ones and those of Node. */
export function packageName(from: string): string | null {
  if (from.startsWith('.') || from.startsWith('node:') || isBuiltin(from)) return null
  if (from.startsWith('virtual:') || from.startsWith('/')) return null
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
}

const layerOf = (folder: string): number =>
  folder.startsWith('services/') ? 3 : folder === 'libs/contracts' ? 1 : folder.startsWith('libs/') ? 2 : 3

export const direction: Check = {
  rule: 'R7',
  name: 'direction of imports',
  find: (files) => files.filter(isScript).flatMap((file) => importsOf(file).flatMap((one) => wrongWay(file, one))),
}

function wrongWay(file: TextFile, { from, line }: Import): Finding[] {
  const own = packageOf(file.path)
  const finding = (message: string): Finding[] => [{ path: file.path, line, message }]
  if (from.startsWith('.')) {
    const target = normalize(`${dirname(file.path)}/${from}`)
    if (packageOf(target) !== own || target.startsWith('..')) return finding(`leaves its package: ${from}`)
    if (!isTesting(file) && /(^|\/)test\//.test(target.slice(own.length))) return finding(`imports a test: ${from}`)
    return []
  }
  const name = packageName(from)
  if (!name?.startsWith('@switchboard/')) {
    if (own === 'libs/contracts' && name !== null && name !== 'typebox' && !isTesting(file))
      return finding(`contracts import nothing but the validator, and this is ${name}`)
    return []
  }
  const target = name.slice('@switchboard/'.length)
  if (['edge', 'router', 'storage', 'notifier', 'web'].includes(target))
    return finding(`nobody imports the service ${target}`)
  if (target === 'testkit' && !isTesting(file) && !file.path.startsWith('tools/'))
    return finding('only tests use the testkit')
  if (own !== '' && layerOf(own) < layerOf(`libs/${target}`)) return finding(`${own} stands below ${name}`)
  return []
}

/** Packages that are used by their command, their types or as a peer, and are named in no import of ours. */
const USED_OTHERWISE = new Set([
  '@biomejs/biome',
  '@grafana/schema',
  '@types/node',
  '@types/ws',
  'node',
  'typescript',
  'vue-tsc',
  'vite',
])

export const dependencies: Check = {
  rule: 'R7',
  name: 'declared dependencies',
  find: (files) => {
    const findings: Finding[] = []
    const used = usedBy(files)
    for (const [folder, manifest] of manifestsOf(files)) {
      const path = folder === '' ? 'package.json' : `${folder}/package.json`
      const own = used.get(folder) ?? { running: new Set<string>(), testing: new Set<string>() }
      const { dependencies: runtime = {}, devDependencies: dev = {} } = manifest
      const isRoot = folder === ''
      for (const name of own.running)
        if (!(name in runtime) && !((isRoot || folder === 'web') && name in dev))
          findings.push({ path, message: `does not declare ${name}, which is imported` })
      for (const name of own.testing)
        if (!(name in runtime) && !(name in dev))
          findings.push({ path, message: `does not declare ${name}, which its tests import` })
      for (const name of Object.keys(runtime))
        if (!own.running.has(name) && !USED_OTHERWISE.has(name))
          findings.push({ path, message: `declares ${name}, which nothing imports` })
      for (const name of Object.keys(dev)) {
        const needed = own.testing.has(name) || ((isRoot || folder === 'web') && own.running.has(name))
        if (!needed && !USED_OTHERWISE.has(name))
          findings.push({ path, message: `declares ${name} for tests, and none imports it` })
      }
    }
    return findings
  },
}

function usedBy(files: readonly TextFile[]): Map<string, { running: Set<string>; testing: Set<string> }> {
  const used = new Map<string, { running: Set<string>; testing: Set<string> }>()
  for (const file of files.filter(isScript)) {
    const folder = packageOf(file.path)
    const own = used.get(folder) ?? { running: new Set<string>(), testing: new Set<string>() }
    used.set(folder, own)
    // The testkit is made for tests: what it imports is what it runs on.
    const tests = isTesting(file) && !file.path.startsWith('libs/testkit/src/')
    for (const { from } of importsOf(file)) {
      const name = packageName(from)
      if (name !== null) (tests ? own.testing : own.running).add(name)
    }
  }
  return used
}

export const versions: Check = {
  rule: 'R7',
  name: 'one catalog of versions',
  find: (files) => {
    const catalog = catalogOf(files)
    const manifests = [...manifestsOf(files)]
    const asked = manifests.flatMap(([folder, manifest]) =>
      Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(([name, version]) => ({
        path: folder === '' ? 'package.json' : `${folder}/package.json`,
        name,
        version,
      })),
    )
    const wrong = asked.flatMap(({ path, name, version }): Finding[] => {
      const right = name.startsWith('@switchboard/') ? 'workspace:*' : 'catalog:'
      if (version !== right) return [{ path, message: `asks for ${name} ${version}, and not "${right}"` }]
      if (right === 'catalog:' && !catalog.has(name))
        return [{ path, message: `asks for ${name}, which the catalog has not` }]
      return []
    })
    const names = new Set(asked.map(({ name }) => name))
    const unused = [...catalog]
      .filter((name) => !names.has(name))
      .map((name) => ({
        path: 'pnpm-workspace.yaml',
        message: `has ${name} in its catalog, which no package asks for`,
      }))
    return [...wrong, ...unused]
  },
}

function catalogOf(files: readonly TextFile[]): Set<string> {
  const text = files.find(({ path }) => path === 'pnpm-workspace.yaml')?.text ?? ''
  const block = /^catalog:\n((?: {2}.*\n|\n)*)/m.exec(text)?.[1] ?? ''
  return new Set([...block.matchAll(/^ {2}"?([^":]+)"?: /gm)].map(([, name]) => name ?? ''))
}
