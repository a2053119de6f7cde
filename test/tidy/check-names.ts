import ts from 'typescript'
import type { Check, Finding } from './check.ts'
import { commentsOf, isScript, lineOf, walk } from './source.ts'

/** Words that say that something is somewhere, not what it is. */
const BANNED = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'shared', 'manager', 'service'])
/** Names that tools ask for. */
const GIVEN = /^(README|CONTRIBUTING|LICENSE|CHANGELOG|NOTICE|SECURITY|Dockerfile|Chart|App)(\.|$)/

export const names: Check = {
  rule: 'R12',
  name: 'names of files and folders',
  find: (files) => files.flatMap(({ path }) => nameFindings(path)),
}

function nameFindings(path: string): Finding[] {
  // `tools` starts services: there the word is the thing itself.
  const parts = path.split('/').filter((part) => !(part.startsWith('service.') && path.startsWith('tools/')))
  const words = parts.flatMap((part) => part.replace(/\.[a-z.]+$/, '').split(/[-_]/))
  const banned = words.find((word) => BANNED.has(word))
  if (banned !== undefined) return [{ path, message: `is called "${banned}", which says nothing: name what it holds` }]
  const file = parts.at(-1) ?? ''
  const isKebab = /^[a-z0-9]+([-.][a-z0-9]+)*$/.test(file)
  const isCode = /\.(ts|mjs|vue|go|sh|yaml|md)$/.test(file) && !path.startsWith('helm/')
  if (!isCode || isKebab || GIVEN.test(file) || /\.(vue|go)$/.test(file)) return []
  return [{ path, message: 'is not in kebab-case' }]
}

export const tags: Check = {
  rule: 'R14',
  name: 'tags in comments',
  find: (files) =>
    files.filter(isScript).flatMap((file) =>
      commentsOf(file).flatMap(({ text, line }): Finding[] => {
        const stray = /\b(TODO|FIXME|HACK|XXX)\b(?!\(#\d+\))/.exec(text)?.[0]
        const bare = /(?<!@)\b(TODO|NOTE)\b[:(]/.exec(text)?.[0]
        if (stray === undefined && bare === undefined) return []
        return [{ path: file.path, line, message: `${stray ?? bare}: only @NOTE and @TODO(#issue) are tags here` }]
      }),
    ),
}

export const errorClasses: Check = {
  rule: 'R10',
  name: 'error classes',
  find: (files) =>
    files.filter(isScript).flatMap((file) => {
      const findings: Finding[] = []
      walk(file, (node) => {
        if (!ts.isClassLike(node)) return
        const parent = node.heritageClauses?.[0]?.types[0]?.expression.getText() ?? ''
        if (!parent.endsWith('Error')) return
        const name = node.name?.text ?? ''
        const field = node.members.find(
          (member) => ts.isPropertyDeclaration(member) && member.name.getText() === 'name',
        )
        if (!name.endsWith('Error'))
          findings.push({ path: file.path, line: lineOf(node), message: `${name} must end in Error` })
        else if (!field?.getText().includes(`'${name}'`))
          findings.push({ path: file.path, line: lineOf(node), message: `${name} must carry its own name as a field` })
      })
      return findings
    }),
}
