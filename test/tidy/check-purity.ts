import ts from 'typescript'
import type { Check, Finding } from './check.ts'
import { importsOf, isScript, isTesting, lineOf, pathOf, walk } from './source.ts'
import type { TextFile } from './tree.ts'

/** Files of a service that may do input and output, by what they are called. */
const DOORS = /^services\/[^/]+\/src\/((from|to)-[a-z0-9-]+|main|app|config|events|clock|mongo-[a-z0-9-]+)\.ts$/

/** Modules of our own libraries that compute and touch nothing. */
const PURE_OF_LIBS = /^@switchboard\/(contracts|domain)\/|^@switchboard\/bus\/(log-entry|assignment)$/
/** Names that a pure file may take out of a module that also touches the world. */
const PURE_NAMES: Readonly<Record<string, readonly string[]>> = {
  '@switchboard/runtime/deadline': ['backoffMs', 'DeadlineError'],
  // It waits for whom it is given, not for time: nothing of it depends on a clock.
  '@switchboard/runtime/slots': ['createSlots'],
  // They do what they are given; whether it is recorded changes nothing.
  '@switchboard/runtime/tracing': ['inSpan', 'throughSpan'],
  '@switchboard/bus/work': ['done', 'retry', 'reject'],
  '@switchboard/bus/core': ['encodeJson', 'decodeJson'],
  'node:net': ['isIP', 'isIPv4', 'isIPv6', 'BlockList'],
}
/** Packages and parts of Node that compute and touch nothing. */
const PURE_PACKAGES = new Set(['typebox', 'protobufjs', 'protobufjs/light.js', 'jose'])
const PURE_NODE = new Set(['node:crypto', 'node:buffer', 'node:url', 'node:util', 'node:path', 'node:assert/strict'])

const WORLD_CALLS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'crypto.randomUUID',
  'randomUUID',
  'process.hrtime',
  'process.nextTick',
])

/** Decides and computes, and touches nothing: all of contracts and domain, and in a service whatever is no door. */
const isPure = (file: TextFile): boolean =>
  !isTesting(file) &&
  isScript(file) &&
  (/^libs\/(contracts|domain)\/src\//.test(file.path) ||
    (/^services\/[^/]+\/src\//.test(file.path) && !DOORS.test(file.path)))

export const imports: Check = {
  rule: 'R6',
  name: 'pure files import no input or output',
  find: (files) =>
    files.filter(isPure).flatMap((file) =>
      importsOf(file)
        .filter(({ from, names, types }) => !types && !isPureImport(from, names))
        .map(({ from, line }) => ({ path: file.path, line, message: `decides, and imports ${from}` })),
    ),
}

function isPureImport(from: string, names: readonly string[]): boolean {
  if (from.startsWith('.') || PURE_OF_LIBS.test(from) || PURE_PACKAGES.has(from) || PURE_NODE.has(from)) return true
  if (from.startsWith('typebox/')) return true
  const allowed = PURE_NAMES[from]
  return allowed !== undefined && names.length > 0 && names.every((name) => allowed.includes(name))
}

export const calls: Check = {
  rule: 'R6',
  name: 'pure files ask no clock and no dice',
  find: (files) =>
    files.filter(isPure).flatMap((file) => {
      const findings: Finding[] = []
      walk(file, (node) => {
        const name = nameOfUse(node)
        if (name !== null)
          findings.push({
            path: file.path,
            line: lineOf(node),
            message: `decides, and uses ${name}: make it an argument`,
          })
      })
      return findings
    }),
}

/** A call, `new Date()`, or the function itself handed on (`{ now: Date.now }`). */
function nameOfUse(node: ts.Node): string | null {
  if (ts.isNewExpression(node) && pathOf(node.expression) === 'Date' && !node.arguments?.length) return 'new Date()'
  if (ts.isPropertyAccessExpression(node)) return WORLD_CALLS.has(pathOf(node)) ? pathOf(node) : null
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return null
  return WORLD_CALLS.has(node.expression.text) ? node.expression.text : null
}

/** The way into the environment, which everything else gets as settings. */
const ENV_READERS = /^(libs\/runtime\/src\/settings\.ts$|libs\/testkit\/|tools\/)/

export const environment: Check = {
  rule: 'R9',
  name: 'one reader of the environment',
  find: (files) =>
    files
      .filter((file) => isScript(file) && !ENV_READERS.test(file.path))
      .flatMap((file) => {
        const findings: Finding[] = []
        walk(file, (node) => {
          if (ts.isPropertyAccessExpression(node) && pathOf(node) === 'process.env')
            findings.push({ path: file.path, line: lineOf(node), message: 'reads the environment: make it a setting' })
        })
        return findings
      }),
}

/** Modules that only some files may import, whatever else they are. */
const KEPT_APART: readonly { module: RegExp; only: RegExp; message: string }[] = [
  {
    module: /^mongodb$/,
    only: /^services\/storage\/src\/(to-mongo|from-queries|app|mongo-[a-z0-9-]+)\.ts$/,
    message: 'the driver of MongoDB is for to-mongo.ts, from-queries.ts and mongo-*.ts of storage',
  },
  { module: /^@nats-io\//, only: /^libs\/bus\//, message: 'NATS is for libs/bus' },
  {
    module: /^@opentelemetry\//,
    only: /^libs\/runtime\/src\/tracing-sdk\.ts$/,
    message: 'OpenTelemetry is for tracing-sdk.ts, which is loaded only where traces go somewhere',
  },
  { module: /^prom-client$/, only: /^libs\/runtime\/src\/meters\.ts$/, message: 'meters are for libs/runtime' },
]

export const keptApart: Check = {
  rule: 'R6',
  name: 'drivers in one place',
  find: (files) =>
    files
      .filter((file) => isScript(file) && !isTesting(file) && !file.path.startsWith('tools/'))
      .flatMap((file) =>
        importsOf(file).flatMap(({ from, line, types }) => {
          const kept = KEPT_APART.find(({ module, only }) => !types && module.test(from) && !only.test(file.path))
          return kept ? [{ path: file.path, line, message: `${kept.message}` }] : []
        }),
      ),
}
