import type { TextFile } from './tree.ts'

/** Trees that a check must find something in, and one in which it must not. Put together so that this file is itself in order. */
export interface Sample {
  readonly wrong: Readonly<Record<string, readonly TextFile[]>>
  readonly right: readonly TextFile[]
}

const file = (path: string, ...lines: string[]): TextFile => ({ path, text: `${lines.join('\n')}\n` })
const one = (path: string, ...lines: string[]): TextFile[] => [file(path, ...lines)]
const joined = (...parts: string[]): string => parts.join('')

const HEADER = [
  '/**',
  ' * channel    log (JetStream)',
  ' * comes      entries',
  ' * goes       feeds',
  ' * guarantee  none',
  ' * order      per room',
  ' * acked      never',
  ' */',
]
const manifest = (path: string, dependencies: object, devDependencies: object = {}): TextFile => ({
  path,
  text: JSON.stringify({ name: 'x', dependencies, devDependencies }),
})
const catalog = (...names: string[]): TextFile =>
  file('pnpm-workspace.yaml', 'packages:', '  - libs/*', '', 'catalog:', ...names.map((name) => `  "${name}": 1.0.0`))
const longFunction = ['export function long() {', ...Array.from({ length: 70 }, (_, i) => `  step(${i})`), '}']
const main = (service: string, ...more: string[]): TextFile =>
  file(`services/${service}/src/main.ts`, `await run('${service}', settings, start)`, ...more)

/** By the name of the check. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  'six-line headers': {
    wrong: {
      'no header': one('services/edge/src/from-log.ts', 'export const x = 1'),
      'another channel': one('services/edge/src/from-replies.ts', ...HEADER),
      'a line too few': one('services/edge/src/from-log.ts', ...HEADER.filter((line) => !line.includes('order'))),
      'a line in another place': one('services/edge/src/from-log.ts', ...HEADER.slice(0, 2), ...HEADER.slice(3)),
    },
    right: one('services/edge/src/from-log.ts', ...HEADER),
  },
  'headers nowhere else': {
    wrong: { 'a header on a stage': one('services/edge/src/feed.ts', ...HEADER) },
    right: one('services/edge/src/feed.ts', '/** A feed. */'),
  },
  'names on the wire': {
    wrong: {
      'a subject in a template': one(
        'services/edge/src/x.ts',
        'export const s = (ns, id) => `${' + 'ns}.live.room.${' + 'id}`',
      ),
      'a subject with a wildcard': one('libs/bus/src/x.ts', "export const s = 'sb.cmd.>'"),
      'a stream': one('services/router/src/x.ts', 'export const s = (ns, n) => `${' + 'ns}-log-${' + 'n}`'),
      'a header of ours': one('services/router/src/x.ts', "export const h = 'Sb-Entry'"),
      'a bucket of NATS': one('services/router/src/x.ts', 'export const k = (b) => `KV_${' + 'b}`'),
    },
    right: [
      ...one('libs/bus/src/x.ts', "export const h = 'Nats-Msg-Id'"),
      ...one('services/edge/src/x.ts', "export const method = 'presence.get'"),
      ...one('services/edge/test/x.test.ts', "const s = 'sb.cmd.>'"),
    ],
  },
  'refusals from the table': {
    wrong: {
      'a refusal by hand': one('services/edge/src/x.ts', "export const r = { code: 'not_found', message: 'no' }"),
      'a number written out': one('services/edge/src/x.ts', 'export const r = { code: 3001 }'),
      'a close with a number': one('services/edge/src/x.ts', "export const f = (socket) => socket.close(3001, 'bye')"),
    },
    right: one(
      'services/edge/src/x.ts',
      "export const r = refuse('not_found')",
      'export const c = { code: CLOSE.slow.code }',
    ),
  },
  'acknowledged in libs/bus alone': {
    wrong: {
      ack: one('services/storage/src/from-log.ts', 'export const f = (message) => message.ack()'),
      nak: one('services/storage/src/from-log.ts', 'export const f = (message) => message.nak(1000)'),
    },
    right: one('libs/bus/src/work.ts', 'export const f = (message) => message.ack()'),
  },
  'pure files import no input or output': {
    wrong: {
      'the file system': one('services/edge/src/plan.ts', "import { readFileSync } from 'node:fs'"),
      'the bus': one('services/edge/src/plan.ts', "import { publish } from '@switchboard/bus/core'"),
      'sockets in the domain': one('libs/domain/src/x.ts', "import ws from 'ws'"),
      'a pause': one('services/edge/src/plan.ts', "import { backoffMs, pause } from '@switchboard/runtime/deadline'"),
      'at run time': one('services/edge/src/plan.ts', "export const f = () => import('undici')"),
    },
    right: [
      ...one('services/edge/src/plan.ts', "import type { Bus } from '@switchboard/bus/connect'"),
      ...one('services/edge/src/from-log.ts', "import { follow } from '@switchboard/bus/follow'"),
      ...one(
        'libs/domain/src/x.ts',
        "import { createHash } from 'node:crypto'",
        "import { done } from '@switchboard/bus/work'",
      ),
    ],
  },
  'pure files ask no clock and no dice': {
    wrong: {
      'the time': one('libs/domain/src/x.ts', 'export const now = () => Date.now()'),
      'the time, handed on': one('services/edge/src/plan.ts', 'export const x = { now: Date.now }'),
      'the date': one('services/edge/src/plan.ts', 'export const now = () => new Date()'),
      dice: one('services/edge/src/plan.ts', 'export const dice = () => Math.random()'),
      'a timer': one('services/edge/src/plan.ts', 'export const f = (g) => setTimeout(g, 10)'),
    },
    right: [
      ...one('services/edge/src/clock.ts', 'export const now = () => Date.now()'),
      ...one('libs/domain/src/x.ts', 'export const day = (at) => new Date(at)'),
    ],
  },
  'drivers in one place': {
    wrong: {
      'MongoDB in a plan': one('services/storage/src/plan.ts', "import { MongoClient } from 'mongodb'"),
      'MongoDB in the router': one('services/router/src/to-mongo.ts', "import { MongoClient } from 'mongodb'"),
      'NATS in a service': one('services/edge/src/from-log.ts', "import { connect } from '@nats-io/transport-node'"),
    },
    right: [
      ...one('services/storage/src/to-mongo.ts', "import { MongoClient } from 'mongodb'"),
      ...one('services/storage/src/plan.ts', "import type { Document } from 'mongodb'"),
    ],
  },
  'direction of imports': {
    wrong: {
      'one service another': one('services/edge/src/x.ts', "import { x } from '@switchboard/router/x'"),
      'out of the package': one('services/edge/src/x.ts', "import { x } from '../../router/src/x.ts'"),
      'a library a service': one('libs/bus/src/x.ts', "import { x } from '@switchboard/edge/x'"),
      'contracts a library': one('libs/contracts/src/x.ts', "import { x } from '@switchboard/domain/x'"),
      'contracts a package': one('libs/contracts/src/x.ts', "import { x } from 'jose'"),
      'a service the testkit': one('services/edge/src/x.ts', "import { x } from '@switchboard/testkit/ports'"),
      'a type, too': one('services/edge/src/x.ts', "import type { X } from '../../router/src/x.ts'"),
      're-exported': one('services/edge/src/x.ts', "export { x } from '../../../libs/bus/src/ask.ts'"),
    },
    right: one('services/edge/src/x.ts', "import { y } from './y.ts'", "import { x } from '@switchboard/bus/core'"),
  },
  'declared dependencies': {
    wrong: {
      'not declared': [manifest('libs/bus/package.json', {}), file('libs/bus/src/x.ts', "import { x } from 'jose'")],
      'not used': [manifest('libs/bus/package.json', { jose: 'catalog:' })],
      'for tests, used by code': [
        manifest('libs/bus/package.json', {}, { jose: 'catalog:' }),
        file('libs/bus/src/x.ts', "import { x } from 'jose'"),
        file('libs/bus/src/x.test.ts', "import { x } from 'jose'"),
      ],
      'not declared, for tests': [
        manifest('libs/bus/package.json', {}),
        file('libs/bus/src/x.test.ts', "import fc from 'fast-check'"),
      ],
    },
    right: [
      manifest('libs/bus/package.json', { jose: 'catalog:' }, { 'fast-check': 'catalog:' }),
      file('libs/bus/src/x.ts', "import { x } from 'jose/jwt'", "import { y } from 'node:fs'"),
      file('libs/bus/src/x.test.ts', "import fc from 'fast-check'"),
    ],
  },
  'one catalog of versions': {
    wrong: {
      'a version of its own': [catalog('jose'), manifest('libs/bus/package.json', { jose: '^6.0.0' })],
      'not in the catalog': [catalog(), manifest('libs/bus/package.json', { jose: 'catalog:' })],
      'in the catalog for nobody': [catalog('jose'), manifest('libs/bus/package.json', {})],
      'ours with a version': [catalog(), manifest('libs/bus/package.json', { '@switchboard/domain': '1.0.0' })],
    },
    right: [
      catalog('jose'),
      manifest('libs/bus/package.json', { jose: 'catalog:', '@switchboard/domain': 'workspace:*' }),
    ],
  },
  'nothing happens on import': {
    wrong: {
      'a call': one('services/edge/src/x.ts', 'start()'),
      'an awaited value': one('libs/bus/src/x.ts', 'export const x = await connect()'),
    },
    right: [...one('libs/bus/src/x.ts', 'export const x = 1'), main('edge')],
  },
  'main.ts is short and the same': {
    wrong: {
      'more than 20 lines': [main('edge', ...Array.from({ length: 20 }, (_, i) => `step(${i})`))],
      'another shape': [main('edge'), main('router', 'console.log(1)')],
    },
    right: [main('edge'), main('router'), main('storage')],
  },
  'one reader of the environment': {
    wrong: { 'in a service': one('services/edge/src/config.ts', 'export const port = process.env.PORT') },
    right: one('libs/runtime/src/settings.ts', 'export const env = () => process.env'),
  },
  'error classes': {
    wrong: {
      'another name': one('libs/bus/src/x.ts', "export class Lost extends Error { override name = 'Lost' }"),
      'without its name': one('libs/bus/src/x.ts', 'export class LostError extends Error {}'),
    },
    right: one('libs/bus/src/x.ts', "export class LostError extends Error { override name = 'LostError' }"),
  },
  'metrics in events.ts': {
    wrong: {
      'a name': one('services/edge/src/x.ts', "export const m = 'switchboard_edge_feeds'"),
      'a meter': one('services/edge/src/x.ts', 'export const f = (meters, name) => meters.count(name)'),
    },
    right: one('services/edge/src/events.ts', "export const f = (meters) => meters.count('switchboard_edge_feeds')"),
  },
  'names of files and folders': {
    wrong: {
      utils: one('libs/bus/src/utils.ts'),
      'part of a name': one('libs/bus/src/string-helpers.ts'),
      'a folder': one('services/edge/src/common/x.ts'),
      camels: one('libs/bus/src/logEntry.ts'),
    },
    right: [...one('libs/bus/src/log-entry.ts'), ...one('README.md'), ...one('web/src/App.vue')],
  },
  'nothing of this machine': {
    wrong: {
      'a registry': one('.npmrc', joined('registry', '=https://registry', '.npmjs.org/')),
      'a path': one('tools/x.ts', joined("export const x = '/wo", "rk/main'")),
      'a home': one('docs/x.md', joined('see /ho', 'me/jane/x')),
    },
    right: one('docs/x.md', 'see ./docs/work/x and /v1/rooms'),
  },
  'file sizes': {
    wrong: {
      'a file of 301 lines': one('libs/bus/src/x.ts', ...Array.from({ length: 301 }, () => '//')),
      'a test of 301 lines': one('libs/bus/src/x.test.ts', ...Array.from({ length: 301 }, () => '//')),
    },
    right: [
      ...one('libs/bus/src/x.ts', ...Array.from({ length: 300 }, () => '//')),
      ...one('libs/bus/src/x.test.ts', ...Array.from({ length: 300 }, () => '//')),
    ],
  },
  'sizes of tests, whatever the reason': {
    wrong: { 'a test of 401 lines': one('libs/bus/src/x.test.ts', ...Array.from({ length: 401 }, () => '//')) },
    right: one('libs/bus/src/x.test.ts', ...Array.from({ length: 400 }, () => '//')),
  },
  'line lengths': {
    wrong: { '121 characters': one('libs/bus/src/x.ts', `const x = ${'a + '.repeat(27)}bcd`) },
    right: one('libs/bus/src/x.ts', `const x = ${'a + '.repeat(27)}bc`, `// ${'a '.repeat(100)}`),
  },
  'function sizes': {
    wrong: {
      'a function of 72 lines': one('libs/bus/src/x.ts', ...longFunction),
      'four parameters': one('libs/bus/src/x.ts', 'export const f = (a, b, c, d) => a'),
      'five with an option': one('libs/bus/src/x.ts', 'export const f = (a, b, c, d = 1, e = 2) => a'),
    },
    right: one('libs/bus/src/x.ts', 'export const f = (a, b, c, options = {}) => a'),
  },
  'tags in comments': {
    wrong: {
      'without an issue': one('libs/bus/src/x.ts', joined('// TO', 'DO: later')),
      'another tag': one('libs/bus/src/x.ts', joined('// FIX', 'ME later')),
      'in a trailing comment': one('libs/bus/src/x.ts', joined('const x = 1 // HA', 'CK')),
    },
    right: one('libs/bus/src/x.ts', '// @TODO(#12) later', '// @NOTE it is so', "const x = 'TODO'"),
  },
  'tests run, assert and do not sleep': {
    wrong: {
      only: one('libs/bus/src/x.test.ts', "test.only('a thing, when so, then this', () => assert.ok(x))"),
      'skip as an option': one(
        'libs/bus/src/x.test.ts',
        "test('a thing, when so, then this', { skip: true }, () => assert.ok(x))",
      ),
      sleep: one('libs/bus/src/x.test.ts', 'await new Promise((go) => setTimeout(go, 100))', 'assert.ok(x)'),
      'no assertion': one('libs/bus/src/x.test.ts', "test('a thing, when so, then this', () => {})"),
      'a title that says little': one('libs/bus/src/x.test.ts', "test('it works', () => assert.ok(x))"),
    },
    right: one('libs/bus/src/x.test.ts', "test('a thing, when so, then this', () => assert.ok(x))"),
  },
}
