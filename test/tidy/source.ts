import ts from 'typescript'
import type { TextFile } from './tree.ts'

/** What a file imports: `types` when nothing of it is there at run time. */
export interface Import {
  readonly from: string
  readonly names: readonly string[]
  readonly types: boolean
  readonly line: number
}

const parsed = new WeakMap<TextFile, ts.SourceFile>()
const SCRIPT = /<script[^>]*>([\s\S]*?)<\/script>/g

export const isScript = ({ path }: TextFile): boolean => /\.(ts|mjs|vue)$/.test(path)
export const isTest = ({ path }: TextFile): boolean => path.endsWith('.test.ts')
/** Whether a file belongs to the tests of the repository and runs in no service. */
export const isTesting = (file: TextFile): boolean =>
  isTest(file) ||
  /^(test|bench|libs\/testkit)\//.test(file.path) ||
  /^(services|libs|tools|web)\/(.*\/)?test\//.test(file.path)

/** The script of a Vue file stands on its own lines, the template is blanked. */
function scriptOf({ path, text }: TextFile): string {
  if (!path.endsWith('.vue')) return text
  const lines = text.replaceAll(/[^\n]/g, ' ').split('')
  for (const match of text.matchAll(SCRIPT)) {
    const start = match.index + match[0].indexOf('>') + 1
    for (const [i, char] of [...(match[1] ?? '')].entries()) lines[start + i] = char
  }
  return lines.join('')
}

export function parse(file: TextFile): ts.SourceFile {
  const known = parsed.get(file)
  if (known) return known
  const fresh = ts.createSourceFile(file.path, scriptOf(file), ts.ScriptTarget.Latest, true, ts.ScriptKind.TS)
  parsed.set(file, fresh)
  return fresh
}

export const lineOf = (node: ts.Node): number =>
  node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1

/** Visits every node, parents first. */
export function walk(file: TextFile, visit: (node: ts.Node) => void): void {
  const step = (node: ts.Node): void => {
    visit(node)
    ts.forEachChild(node, step)
  }
  step(parse(file))
}

/** Static imports, re-exports and `import()` of a literal. */
export function importsOf(file: TextFile): Import[] {
  const imports: Import[] = []
  walk(file, (node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      imports.push({ from: node.moduleSpecifier.text, line: lineOf(node), ...namesOf(node.importClause) })
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      const types = node.isTypeOnly || areTypes(node.exportClause)
      imports.push({ from: node.moduleSpecifier.text, line: lineOf(node), names: [], types })
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [target] = node.arguments
      if (target && ts.isStringLiteral(target))
        imports.push({ from: target.text, line: lineOf(node), names: [], types: false })
    }
  })
  return imports
}

const areTypes = (clause: ts.NamedExportBindings | undefined): boolean =>
  clause !== undefined && ts.isNamedExports(clause) && clause.elements.every(({ isTypeOnly }) => isTypeOnly)

function namesOf(clause: ts.ImportClause | undefined): { names: string[]; types: boolean } {
  if (!clause) return { names: [], types: false }
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return { names: [], types: true }
  const named = clause.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : []
  const values = named.filter(({ isTypeOnly }) => !isTypeOnly)
  const names = values.map(({ propertyName, name }) => (propertyName ?? name).text)
  if (clause.name) names.push('default')
  if (clause.namedBindings && ts.isNamespaceImport(clause.namedBindings)) names.push('*')
  return { names, types: names.length === 0 }
}

/** The text of a literal; what a template puts in is `{}`. Null for other nodes. */
export function literalOf(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  if (!ts.isTemplateExpression(node)) return null
  return node.head.text + node.templateSpans.map(({ literal }) => `{}${literal.text}`).join('')
}

/** `a.b.c` of a property access or identifier; the last name alone where it begins with a call. */
export function pathOf(node: ts.Node): string {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isPropertyAccessExpression(node)) return `${pathOf(node.expression)}.${node.name.text}`
  if (node.kind === ts.SyntaxKind.ThisKeyword) return 'this'
  return ''
}

/** Comments with the line on which they begin. */
export function commentsOf(file: TextFile): { text: string; line: number }[] {
  const source = parse(file)
  const seen = new Set<number>()
  const comments: { text: string; line: number }[] = []
  const take = (ranges: readonly ts.CommentRange[] | undefined) => {
    for (const { pos, end } of ranges ?? []) {
      if (seen.has(pos)) continue
      seen.add(pos)
      const line = source.getLineAndCharacterOfPosition(pos).line + 1
      comments.push({ text: source.text.slice(pos, end), line })
    }
  }
  const step = (node: ts.Node): void => {
    take(ts.getLeadingCommentRanges(source.text, node.getFullStart()))
    take(ts.getTrailingCommentRanges(source.text, node.getEnd()))
    for (const child of node.getChildren(source)) step(child)
  }
  step(source)
  return comments
}
