import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { buildDocuments } from '../../tools/docs-build.ts'
import { amount, fill, table } from '../../tools/docs-markdown.ts'
import { PROOFS } from './clauses.ts'
import { literalOf, pathOf, walk } from './source.ts'
import { ROOT, readTree } from './tree.ts'

const files = readTree()
const markdown = files.filter(({ path }) => path.endsWith('.md'))

test('documents, built from the code, are what lies in docs', async () => {
  const documents = await buildDocuments()
  assert.ok(documents.length >= 6)
  const stale = documents.filter(({ text, current }) => text !== current).map(({ path }) => path)
  assert.deepEqual(stale, [], 'run npm run docs')
})

test('plots in docs, each of them, are drawn from what is recorded', async () => {
  const drawn = new Set((await buildDocuments()).map(({ path }) => path))
  const left = files.map(({ path }) => path).filter((path) => path.startsWith('docs/performance/') && !drawn.has(path))
  assert.deepEqual(left, [], 'nothing draws these any more: delete them')
})

test('a document, filled, keeps what a person wrote and misses no block', () => {
  const text = 'a\n<!-- generated: x -->\nold\n<!-- /generated -->\nb\n'
  const filled = fill('d.md', text, { x: 'new' })
  assert.equal(filled, 'a\n<!-- generated: x -->\n\nnew\n\n<!-- /generated -->\nb\n')
  assert.equal(fill('d.md', filled, { x: 'new' }), filled)
  assert.throws(() => fill('d.md', text, { x: 'new', y: 'more' }), /no place for the block "y"/)
  assert.throws(() => fill('d.md', text, {}), /nothing generates the block "x"/)
})

test('a table, with bars in its cells, keeps its columns', () => {
  assert.equal(table(['a', 'b'], [['1|2', '3']]), '| a | b |\n|---|---|\n| 1\\|2 | 3 |')
  assert.equal(amount(262_144, 'bytes'), '256 KiB')
  assert.equal(amount(604_800_000, 'milliseconds'), '7 days')
})

/** Headings as the places that links point to. */
const anchorsOf = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

test('links, from any document to a file or heading of ours, lead somewhere', () => {
  const broken: string[] = []
  for (const { path, text } of markdown) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const there = file === '' ? path : join(dirname(path), file)
      const isThere = existsSync(join(ROOT, there))
      const linked = files.find((one) => one.path === there)
      if (!isThere || (anchor !== undefined && !anchorsOf(linked?.text ?? '').has(anchor)))
        broken.push(`${path}: ${target}`)
    }
  }
  assert.deepEqual(broken, [])
})

const CLAUSE = /\[P-(\d+)\]/g
const clausesOf = (text: string): number[] => [...text.matchAll(CLAUSE)].map(([, number]) => Number(number))

test('clauses of the protocol, numbered, are 1, 2, 3 … and everything that names one names one of them', () => {
  const protocol = files.find(({ path }) => path === 'docs/protocol.md')?.text ?? ''
  const defined = [...protocol.matchAll(/^\*\*\[P-(\d+)\]\*\*/gm)].map(([, number]) => Number(number))
  assert.deepEqual(
    defined,
    defined.map((_, i) => i + 1),
  )
  assert.ok(defined.length > 40)
  for (const { path, text } of files.filter((file) => /\.(ts|md|vue)$/.test(file.path))) {
    for (const number of clausesOf(text)) assert.ok(number <= defined.length, `${path} names [P-${number}]`)
  }
})

/** The titles of the tests in a file, with `{}` for what a template puts in. */
function titlesIn(path: string): string[] {
  const titles: string[] = []
  const file = files.find((one) => one.path === path)
  assert.ok(file, `${path} is not there`)
  walk(file, (node) => {
    const title = ts.isCallExpression(node) && pathOf(node.expression) === 'test' && node.arguments[0]
    if (title) titles.push(literalOf(title) ?? '')
  })
  return titles
}

test('clauses of the protocol, each of them, are proved by a test that there is', () => {
  const protocol = files.find(({ path }) => path === 'docs/protocol.md')?.text ?? ''
  const defined = [...protocol.matchAll(/^\*\*\[P-(\d+)\]\*\*/gm)].map(([, number]) => Number(number))
  assert.deepEqual(Object.keys(PROOFS).map(Number), defined)
  for (const [number, proofs] of Object.entries(PROOFS)) {
    assert.ok(proofs.length > 0, `nothing proves [P-${number}]`)
    for (const { file, title } of proofs) {
      const isThere = titlesIn(file).some((one) => one.startsWith(title))
      assert.ok(isThere, `[P-${number}]: no test in ${file} begins with "${title}"`)
    }
  }
})

test('promises, each of them, are shown by tests that there are', () => {
  const text = files.find(({ path }) => path === 'docs/guarantees.md')?.text ?? ''
  const promises = text.split(/^## (?=G\d )/m).slice(1)
  assert.equal(promises.length, 8)
  for (const promise of promises) {
    const shown = [...promise.matchAll(/^- \[`([^`]+)`\]\([^)]+\): (.+)$/gm)]
    assert.ok(shown.length > 0, `nothing shows ${promise.slice(0, 30)}`)
    for (const [, file = '', title = ''] of shown) {
      const isThere = titlesIn(file).some((one) => one.startsWith(title))
      assert.ok(isThere, `no test in ${file} begins with "${title}"`)
    }
  }
})

test('the AsyncAPI document, followed through its references, is whole', () => {
  const text = files.find(({ path }) => path === 'docs/asyncapi.json')?.text ?? '{}'
  const document = JSON.parse(text)
  assert.equal(document.asyncapi, '3.0.0')
  assert.ok(document.info.title && document.info.version)
  const find = (pointer: string) =>
    pointer
      .slice(2)
      .split('/')
      .reduce((node, key) => node?.[key], document)
  let references = 0
  JSON.stringify(document, (key, value) => {
    if (key !== '$ref') return value
    references += 1
    assert.ok(find(value), `${value} leads nowhere`)
    return value
  })
  assert.ok(references > 60)
  for (const [name, operation] of Object.entries(document.operations) as [string, { action: string }][])
    assert.match(operation.action, /^(send|receive)$/, name)
  for (const channel of Object.values(document.channels) as { address: string; messages: object }[])
    assert.ok(channel.address !== '' && Object.keys(channel.messages).length > 0)
})
