import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TAG = 'test'
const BUILD_MINUTES_MAX = 12
const RUN_SECONDS_MAX = 120

const SERVICES = ['edge', 'router', 'storage', 'notifier'] as const

interface Component {
  readonly name: string
  readonly version: string
  readonly hashes?: readonly { readonly content: string }[]
}

/** As the chart runs it: nothing can be written, no capability, no user with rights. */
function run(service: string, more: readonly string[], command: readonly string[] = []) {
  const hardened = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'none']
  const args = ['run', '--rm', ...hardened, ...more, `switchboard-${service}:${TAG}`, ...command]
  return spawnSync('docker', args, { encoding: 'utf8', timeout: RUN_SECONDS_MAX * 1000 })
}

/** What Node.js in the image prints of an expression. */
function inside(service: string, expression: string): string {
  const { stdout, stderr } = run(service, [], ['--print', expression])
  assert.equal(stderr, '')
  return stdout.trim()
}

const componentsOf = (service: string): readonly Component[] =>
  JSON.parse(readFileSync(`${ROOT}.cache/images/switchboard-${service}.cdx.json`, 'utf8')).components

before(() => {
  const options = { cwd: ROOT, encoding: 'utf8', timeout: BUILD_MINUTES_MAX * 60_000 } as const
  console.log(execFileSync('tools/images/services.sh', [TAG], options))
})

for (const service of SERVICES) {
  test(`the image of the ${service}, with a wrong setting, says so in one line and ends with 2`, () => {
    const { status, stdout, stderr } = run(service, ['--env', 'NATS_REPLICAS=9'])
    assert.equal(stderr, `${service}: NATS_REPLICAS must be at most 5, not "9"\n`)
    assert.equal(stdout, '')
    assert.equal(status, 2)
  })

  test(`the image of the ${service}, looked into, runs the Node.js of the catalog, without rights and without a shell`, () => {
    const catalog = /^ {2}node: (.+)$/m.exec(readFileSync(`${ROOT}pnpm-workspace.yaml`, 'utf8'))?.[1]
    assert.equal(inside(service, 'process.versions.node'), catalog)
    assert.equal(inside(service, 'process.getuid()'), '65532')
    const programs = ['/bin/sh', '/bin/bash', '/usr/bin/dash', '/usr/local/bin/npm', '/usr/local/bin/pnpm']
    assert.equal(inside(service, `${JSON.stringify(programs)}.filter(require('fs').existsSync).join()`), '')
    assert.match(run(service, ['--entrypoint', '/bin/sh']).stderr, /no such file/)
  })

  test(`the image of the ${service}, looked into, holds this service, what it runs on, and no tests`, () => {
    const files = inside(service, "require('fs').readdirSync('/app', { recursive: true }).join('\\n')").split('\n')
    const ours = files.filter((file) => !file.includes('node_modules'))
    assert.ok(ours.includes(`services/${service}/src/main.ts`))
    assert.deepEqual(
      ours.filter((file) => /\.test\.ts$|testkit/.test(file)),
      [],
    )
    assert.equal(new Set(ours.filter((file) => /^services\/[^/]+$/.test(file))).size, 1)
    assert.equal(ours.includes('web/index.html'), service === 'edge')
  })

  test(`the list of what is in the image of the ${service} names each package with its checksum`, () => {
    const components = componentsOf(service)
    const names = new Set(components.map(({ name }) => name))
    for (const needed of ['node', 'pino', 'prom-client', '@nats-io/jetstream']) assert.ok(names.has(needed), needed)
    for (const name of ['typescript', '@biomejs/biome', 'vite', 'testcontainers']) assert.ok(!names.has(name), name)
    assert.equal(names.has('mongodb'), service === 'storage')
    assert.equal(names.has('undici'), service === 'notifier')
    for (const { name, hashes } of components.filter((one) => one.name !== 'node'))
      assert.match(hashes?.[0]?.content ?? '', /^[0-9a-f]{128}$/, name)
  })
}

test('an image of no service is refused with a sentence', () => {
  const args = ['tools/images/assemble.mjs', 'service', 'chat', '/nowhere']
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /^assemble: there is no service "chat": give --build-arg SERVICE=edge/)
})
