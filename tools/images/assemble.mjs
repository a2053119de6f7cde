// Runs inside the Dockerfile, after the packages of one service are installed: lays out what the image holds.
//   node tools/images/assemble.mjs page <service> <folder>       builds the chat page, if this service serves it
//   node tools/images/assemble.mjs service <service> <folder>    the service, its libraries, their packages, and the SBOM
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const SERVES_PAGE = 'edge'
// What packages carry for people and for compilers; licences stay.
const NEVER_RUN = /\.(md|markdown|map|d\.ts|d\.mts|d\.cts|flow)$/i
const NEVER_RUN_FOLDER = /^(test|tests|docs|example|examples|benchmark|benchmarks|\.github)$/i
const LICENCE = /^(licen[cs]e|notice|copying)/i

const [task, service, out] = process.argv.slice(2)
const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

if (!existsSync(`services/${service}/package.json`)) {
  console.error(
    `assemble: there is no service "${service ?? ''}": give --build-arg SERVICE=edge, router, storage or notifier`,
  )
  process.exit(1)
}
mkdirSync(out, { recursive: true })
if (task === 'page') buildPage()
else assembleService()

function buildPage() {
  if (service === SERVES_PAGE) runVite()
  // What was fetched or installed up to here stays in pnpm's store: what is linked next is for running this service alone.
  for (const folder of ['.', 'web', ...folders('libs'), ...folders('services')])
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
}

function runVite() {
  const pnpm = (...args) => execFileSync('pnpm', args, { stdio: 'inherit' })
  pnpm('install', '--frozen-lockfile', '--silent', '--filter', '@switchboard/web...')
  execFileSync('node', ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'], {
    cwd: 'web',
    stdio: 'inherit',
  })
  cpSync('web/dist', join(out, 'web'), { recursive: true })
}

function assembleService() {
  for (const folder of closure(`services/${service}`)) {
    copy(folder, 'package.json')
    copy(folder, 'src')
    copy(folder, 'node_modules')
  }
  copy('.', 'node_modules')
  copy('.', 'package.json')
  symlinkSync(`services/${service}/src/main.ts`, join(out, 'main.ts'))
  writeFileSync(join(out, 'sbom.cdx.json'), `${JSON.stringify(sbom(), null, 1)}\n`)
}

/** A package of ours and all libraries of ours that it runs on. */
function closure(folder, seen = new Set()) {
  if (seen.has(folder)) return seen
  seen.add(folder)
  for (const name of Object.keys(manifestOf(folder).dependencies ?? {}))
    if (name.startsWith('@switchboard/')) closure(`libs/${name.slice('@switchboard/'.length)}`, seen)
  return seen
}

function copy(folder, name) {
  const from = join(folder, name)
  if (!existsSync(from)) return
  cpSync(from, join(out, from), { recursive: true, verbatimSymlinks: true, filter: isNeeded })
}

function isNeeded(path) {
  const name = basename(path)
  if (NEVER_RUN_FOLDER.test(name) && existsSync(join(dirname(path), 'package.json'))) return false
  return LICENCE.test(name) || !NEVER_RUN.test(name)
}

function folders(parent) {
  return readdirSync(parent).map((name) => `${parent}/${name}`)
}

/** CycloneDX: Node.js and every package that is in the image, with the checksum that the lockfile holds it to. */
function sbom() {
  const { version } = manifestOf('.')
  const checksums = readChecksums()
  const packages = folders('node_modules/.pnpm')
    .flatMap((store) => packagesIn(join(store, 'node_modules')))
    .map(({ folder, name }) => component(folder, name, checksums))
  const unique = new Map(packages.map((one) => [one['bom-ref'], one]))
  const node = process.versions.node
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'application', 'bom-ref': `switchboard-${service}`, name: `switchboard-${service}`, version },
    },
    components: [
      {
        type: 'platform',
        'bom-ref': `node@${node}`,
        name: 'node',
        version: node,
        cpe: `cpe:2.3:a:nodejs:node.js:${node}:*:*:*:*:*:*:*`,
      },
      ...[...unique.values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
    ],
  }
}

/** The real folders in a node_modules; the rest are links to other ones. */
function packagesIn(parent) {
  if (!existsSync(parent)) return []
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== '.bin')
    .flatMap(({ name }) => {
      if (!name.startsWith('@')) return [{ folder: join(parent, name), name }]
      return readdirSync(join(parent, name), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => ({ folder: join(parent, name, entry.name), name: `${name}/${entry.name}` }))
    })
}

function component(folder, name, checksums) {
  const { version, license } = manifestOf(folder)
  const integrity = checksums.get(`${name}@${version}`)
  if (!integrity) throw new Error(`${name}@${version} is installed and not in the lockfile`)
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(typeof license === 'string' && { licenses: [{ expression: license }] }),
    hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity, 'base64').toString('hex') }],
  }
}

function readChecksums() {
  const lockfile = readFileSync('pnpm-lock.yaml', 'utf8')
  const entries = lockfile.matchAll(/^ {2}'?(@?[^@\s']+@[^:'\s]+)'?:\n {4}resolution: \{integrity: sha512-([^,}]+)/gm)
  return new Map([...entries].map(([, id, integrity]) => [id, integrity]))
}
