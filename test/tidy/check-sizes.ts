import ts from 'typescript'
import type { Check, Finding } from './check.ts'
import { isScript, isTest, lineOf, walk } from './source.ts'
import type { TextFile } from './tree.ts'

export const FILE_LINES_MAX = 300
/** Of a test that has a reason to be longer than other files. */
export const TEST_LINES_MAX = 400
export const LINE_CHARS_MAX = 120
export const FUNCTION_LINES_MAX = 70
/** Then an options object, or one optional parameter. */
export const PARAMETERS_MAX = 3

const MEASURED = /\.(ts|mjs|vue|go|css|sh)$/

const linesOf = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

const longerThan = (files: readonly TextFile[], most: number): Finding[] =>
  files.flatMap(({ path, text }) => {
    const lines = linesOf(text)
    return MEASURED.test(path) && lines > most ? [{ path, message: `has ${lines} lines, and ${most} are enough` }] : []
  })

export const fileSizes: Check = {
  rule: 'R13',
  name: 'file sizes',
  find: (files) => longerThan(files, FILE_LINES_MAX),
}

export const testSizes: Check = {
  rule: 'R13',
  name: 'sizes of tests, whatever the reason',
  find: (files) => longerThan(files.filter(isTest), TEST_LINES_MAX),
}

export const lineLengths: Check = {
  rule: 'R13',
  name: 'line lengths',
  find: (files) =>
    files
      .filter(({ path }) => /\.(ts|mjs|vue)$/.test(path))
      .flatMap(({ path, text }) =>
        text.split('\n').flatMap((line, i): Finding[] => {
          if (line.length <= LINE_CHARS_MAX || isSentence(line)) return []
          return [{ path, line: i + 1, message: `has ${line.length} characters, and ${LINE_CHARS_MAX} fit` }]
        }),
      ),
}

/**
 * A comment, or a text that stands alone on its line or is the title of a test: the formatter cannot break it, and broken text
 * cannot be searched.
 */
const isSentence = (line: string): boolean => /^\s*(\/\/|\/?\*|<|['"`]|test\(['"`]|[\w'"$.]+: ['"`(])/.test(line)

export const functionSizes: Check = {
  rule: 'R13',
  name: 'function sizes',
  find: (files) => files.filter(isScript).flatMap(measureFunctions),
}

function measureFunctions(file: TextFile): Finding[] {
  const findings: Finding[] = []
  walk(file, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return
    const line = lineOf(node)
    const end = node.getSourceFile().getLineAndCharacterOfPosition(node.getEnd()).line + 1
    const lines = end - line + 1
    const name = node.name && ts.isIdentifier(node.name) ? node.name.text : 'a function'
    if (lines > FUNCTION_LINES_MAX)
      findings.push({
        path: file.path,
        line,
        message: `${name} has ${lines} lines, and ${FUNCTION_LINES_MAX} are enough`,
      })
    // Of a callback, whoever calls it says what it is given.
    if (node.parent && ts.isCallExpression(node.parent)) return
    const given = node.parameters.filter(({ dotDotDotToken }) => !dotDotDotToken)
    const required = given.filter(({ questionToken, initializer }) => !questionToken && !initializer)
    if (required.length > PARAMETERS_MAX || given.length > PARAMETERS_MAX + 1)
      findings.push({ path: file.path, line, message: `${name} has ${given.length} parameters: use an options object` })
  })
  return findings
}
