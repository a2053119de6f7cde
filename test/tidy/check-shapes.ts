import ts from 'typescript'
import type { Check, Finding } from './check.ts'
import { isScript, isTest, isTesting, lineOf, literalOf, parse, pathOf, walk } from './source.ts'
import type { TextFile } from './tree.ts'

const MAIN_LINES_MAX = 20
const MAIN = /^services\/([^/]+)\/src\/main\.ts$/

/** The same text in every service, but for the name of the service. */
function shapeOf({ path, text }: TextFile): string {
  const service = MAIN.exec(path)?.[1] ?? ''
  const title = service.charAt(0).toUpperCase() + service.slice(1)
  return text.replaceAll(service, 'x').replaceAll(title, 'X').trim()
}

export const mains: Check = {
  rule: 'R8',
  name: 'main.ts is short and the same',
  find: (files) => {
    const all = files.filter(({ path }) => MAIN.test(path))
    const long = all
      .filter(({ text }) => text.trim().split('\n').length > MAIN_LINES_MAX)
      .map(({ path }) => ({ path, message: `has more than ${MAIN_LINES_MAX} lines` }))
    const first = all[0]
    const different = all
      .filter((file) => first && shapeOf(file) !== shapeOf(first))
      .map(({ path }) => ({ path, message: `has another shape than ${first?.path}` }))
    return [...long, ...different]
  },
}

/** Files that a service must have, and what they must export. */
const PARTS: readonly { file: string; exports: RegExp; message: string }[] = [
  { file: 'main.ts', exports: /\brun\(/, message: 'must call run()' },
  { file: 'config.ts', exports: /export const settings = table\(/, message: 'must export the table `settings`' },
  { file: 'app.ts', exports: /export (async )?function start[A-Z]/, message: 'must export start<Service>()' },
  { file: 'events.ts', exports: /^export /m, message: 'must export the events of the service' },
]

export const parts: Check = {
  rule: 'R9',
  name: 'main, config, app and events',
  find: (files) =>
    ['edge', 'router', 'storage', 'notifier'].flatMap((service) =>
      PARTS.flatMap(({ file, exports, message }) => {
        const path = `services/${service}/src/${file}`
        const found = files.find((one) => one.path === path)
        if (!found) return [{ path, message: 'is missing' }]
        return exports.test(found.text) ? [] : [{ path, message }]
      }),
    ),
}

/** Statements that may stand at the top of a module: nothing happens when it is imported. */
export const importing: Check = {
  rule: 'R8',
  name: 'nothing happens on import',
  find: (files) =>
    files
      .filter(
        (file) => isScript(file) && !isTesting(file) && /^(services|libs)\//.test(file.path) && !MAIN.test(file.path),
      )
      .flatMap((file) =>
        parse(file)
          .statements.filter((statement) => ts.isExpressionStatement(statement) || hasAwait(statement))
          .map((statement) => ({
            path: file.path,
            line: lineOf(statement),
            message: 'does something when it is imported',
          })),
      ),
}

function hasAwait(statement: ts.Statement): boolean {
  if (!ts.isVariableStatement(statement)) return false
  return statement.declarationList.declarations.some(
    ({ initializer }) => initializer !== undefined && ts.isAwaitExpression(initializer),
  )
}

const SLEEPS = new Set(['setTimeout', 'pause', 'sleep', 'delay'])

export const tests: Check = {
  rule: 'R15',
  name: 'tests run, assert and do not sleep',
  find: (files) => files.filter(isTest).flatMap(checkTest),
}

function checkTest(file: TextFile): Finding[] {
  const findings: Finding[] = []
  const find = (node: ts.Node, message: string) => findings.push({ path: file.path, line: lineOf(node), message })
  walk(file, (node) => {
    if (
      ts.isPropertyAccessExpression(node) &&
      /^(test|it|describe|suite|t)\.(only|skip|todo|retry)$/.test(pathOf(node))
    )
      find(node, `${pathOf(node)}: every test runs, every time, once`)
    if (
      ts.isPropertyAssignment(node) &&
      /^(only|skip|todo|retry|retries)$/.test(node.name.getText()) &&
      isTestOption(node)
    )
      find(node, `${node.name.getText()}: every test runs, every time, once`)
    if (!ts.isCallExpression(node)) return
    const name = pathOf(node.expression)
    if (SLEEPS.has(name)) find(node, `${name}(): wait for a condition with a deadline`)
    if (name === 'test' || name === 'it') checkTitle(node, find)
  })
  if (!/\bassert\b/.test(file.text)) findings.push({ path: file.path, message: 'asserts nothing' })
  return findings
}

const isTestOption = (node: ts.PropertyAssignment): boolean =>
  ts.isCallExpression(node.parent.parent) && /^(test|it|describe|suite)$/.test(pathOf(node.parent.parent.expression))

function checkTitle(node: ts.CallExpression, find: (node: ts.Node, message: string) => void): void {
  const title = node.arguments[0] ? literalOf(node.arguments[0]) : null
  // A template is the row of a table: what it says stands in the data.
  if (title === null || title.includes('{}') || title.split(/[\s,→]+/).length >= 4) return
  find(node, `"${title}" does not say what, when and then`)
}
