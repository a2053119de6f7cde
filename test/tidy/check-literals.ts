import { ERRORS } from '@switchboard/contracts/errors'
import ts from 'typescript'
import type { Check, Finding } from './check.ts'
import { isScript, isTesting, lineOf, literalOf, pathOf, walk } from './source.ts'
import type { TextFile } from './tree.ts'

const isOurs = (file: TextFile): boolean =>
  isScript(file) &&
  !isTesting(file) &&
  /^(services|libs|web)\//.test(file.path) &&
  !file.path.startsWith('libs/contracts/')

/** What a literal looks like that is a name on the wire; `{}` stands for what a template puts in. */
const WIRE: readonly { looks: RegExp; what: string; except?: RegExp }[] = [
  { looks: /(^|[.}])(cmd|log|live|reply|mark|push|dead|ask|kick)\.([*>{]|$|(room|user|desk)\.)/, what: 'a subject' },
  { looks: /-(commands|log)-(\{|\d)|\}-(marks|pushes|dead|leases|claims|floors)$/, what: 'a stream or bucket' },
  { looks: /^Sb-[A-Z]/, what: 'a header of ours' },
  { looks: /^\$(KV|JS)\.|^KV_|^(Nats|KV)-[A-Z]/, what: 'a name of NATS itself', except: /^libs\/bus\// },
]

export const wireNames: Check = {
  rule: 'R2',
  name: 'names on the wire',
  find: (files) =>
    files.filter(isOurs).flatMap((file) =>
      literals(file).flatMap(({ text, line }) => {
        const hit = WIRE.find(({ looks, except }) => looks.test(text) && !except?.test(file.path))
        return hit
          ? [{ path: file.path, line, message: `${JSON.stringify(text)} is ${hit.what}: libs/contracts has it` }]
          : []
      }),
    ),
}

function literals(file: TextFile): { text: string; line: number }[] {
  const found: { text: string; line: number }[] = []
  walk(file, (node) => {
    const text = literalOf(node)
    if (text !== null && !ts.isImportDeclaration(node.parent)) found.push({ text, line: lineOf(node) })
  })
  return found
}

/** Metrics are named and moved where business events are told, and nowhere else. */
const METERED = /^(services\/[^/]+\/src\/events\.ts|libs\/runtime\/src\/meters\.ts)$/

export const metrics: Check = {
  rule: 'R11',
  name: 'metrics in events.ts',
  find: (files) =>
    files
      .filter((file) => isOurs(file) && !METERED.test(file.path))
      .flatMap((file) => {
        const findings: Finding[] = []
        walk(file, (node) => {
          const text = literalOf(node)
          if (text !== null && /^switchboard_[a-z]+_[a-z_]+$/.test(text))
            findings.push({
              path: file.path,
              line: lineOf(node),
              message: `names the metric ${text}: make it an event`,
            })
          if (ts.isCallExpression(node) && /(^|\.)meters\.(count|set|observe)$/.test(pathOf(node.expression)))
            findings.push({ path: file.path, line: lineOf(node), message: 'moves a meter: make it an event' })
        })
        return findings
      }),
}

/**
 * The types hold an error code where it is an argument of `refuse`. What they cannot hold is a refusal made by hand, or the
 * number of an error or of a close written out.
 */
export const errorCodes: Check = {
  rule: 'R10',
  name: 'refusals from the table',
  find: (files) =>
    files
      .filter((file) => isOurs(file) && !/^(web|libs\/client)\//.test(file.path))
      .flatMap((file) => {
        const findings: Finding[] = []
        walk(file, (node) => {
          const message = byHand(node)
          if (message !== null) findings.push({ path: file.path, line: lineOf(node), message })
        })
        return findings
      }),
}

function byHand(node: ts.Node): string | null {
  if (ts.isPropertyAssignment(node) && node.name.getText() === 'code') {
    const text = literalOf(node.initializer)
    if (text !== null && Object.hasOwn(ERRORS, text)) return `makes a refusal "${text}" by hand: use refuse()`
    if (ts.isNumericLiteral(node.initializer))
      return `writes the code ${node.initializer.text} out: libs/contracts has it`
  }
  if (!ts.isCallExpression(node) || !/\.close$/.test(pathOf(node.expression))) return null
  const [code] = node.arguments
  return code && ts.isNumericLiteral(code) ? `closes with the number ${code.text}: libs/contracts has it` : null
}

export const acknowledging: Check = {
  rule: 'R5',
  name: 'acknowledged in libs/bus alone',
  find: (files) =>
    files
      .filter((file) => isScript(file) && !file.path.startsWith('libs/bus/'))
      .flatMap((file) => {
        const findings: Finding[] = []
        walk(file, (node) => {
          if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return
          const { text } = node.expression.name
          if (/^(ack|ackAck|nak|term)$/.test(text))
            findings.push({
              path: file.path,
              line: lineOf(node),
              message: `calls .${text}(): return done, retry or reject`,
            })
        })
        return findings
      }),
}

/** Put together from pieces, so that this file does not name them either. */
const word = (...parts: string[]): string => parts.join('')
const FOREIGN = new RegExp(
  [
    word('registry', '\\.(npm', 'js|yarn', 'pkg)'),
    word('proxy\\.', 'golang'),
    word('pypi', '\\.org'),
    word('deb\\.', 'debian'),
    word('(^|[\\s"\'`=(:])/(wo', 'rk|home/[a-z]+|ro', 'ot|Us', 'ers)/'),
    word('\\.libr', 'ary/'),
    word('\\b(clau', 'de|anth', 'ropic|open', 'ai|chat', 'gpt|copi', 'lot)\\b'),
  ].join('|'),
  'i',
)

export const foreignNames: Check = {
  rule: 'R12',
  name: 'nothing of this machine',
  find: (files) =>
    files.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, i): Finding[] => {
        const found = FOREIGN.exec(line)?.[0].trim()
        return found === undefined ? [] : [{ path, line: i + 1, message: `names ${found}` }]
      }),
    ),
}
