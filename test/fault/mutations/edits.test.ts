import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { test } from 'node:test'
import { BREAKS } from './breaks.ts'
import { CRASH_POINTS } from './crash-points.ts'
import { applyEdits, EditError, type SourceEdit } from './edits.ts'
import { PROBES } from './probes.ts'

const ALL: readonly SourceEdit[] = [...BREAKS, ...CRASH_POINTS, ...PROBES]
const edit = (more: Partial<SourceEdit>): SourceEdit => ({
  name: 'an edit',
  file: 'a.ts',
  find: 'b',
  how: 'expression',
  replace: 'c',
  ...more,
})

test('an expression is edited, then the switch decides between the new one and the old one', () => {
  assert.equal(
    applyEdits('const a = 1 + b', [edit({})]),
    'const a = 1 + (globalThis.faultSwitches.isOn("an edit") ? (c) : (b))',
  )
})

test('a statement is edited, then the switch decides which of the two is done', () => {
  assert.equal(
    applyEdits('a()\nb()\n', [edit({ find: 'b()', how: 'statement', replace: 'c()' })]),
    'a()\nif (globalThis.faultSwitches.isOn("an edit")) { c() } else { b() }\n',
  )
})

test('something comes before a statement that another edit replaces, then both are there', () => {
  const edits = [edit({ how: 'before', replace: 'first()' }), edit({ name: 'other', how: 'statement' })]
  for (const order of [edits, edits.toReversed()])
    assert.equal(
      applyEdits('a; b', order),
      'a; if (globalThis.faultSwitches.isOn("an edit")) { first() }\n' +
        'if (globalThis.faultSwitches.isOn("other")) { c } else { b }',
    )
})

for (const [what, source, find] of [
  ['is not there', 'a', 'b'],
  ['is there twice', 'b b', 'b'],
  ['is there twice, once inside of the other', 'bbb', 'bb'],
  ['is empty', 'a', ''],
] as const) {
  test(`a text that ${what} is to be edited, then it is an error that names the edit and the file`, () => {
    assert.throws(() => applyEdits(source, [edit({ find })]), EditError)
    assert.throws(() => applyEdits(source, [edit({ find })]), /"an edit" must find its text exactly once in a\.ts/)
  })
}

test('two edits want the same text, then it is an error', () => {
  assert.throws(() => applyEdits('abc', [edit({ find: 'ab' }), edit({ name: 'other', find: 'bc' })]), /overlap/)
})

test('every break, crash point and probe is looked for in the sources of today, then each is there exactly once', () => {
  assert.equal(new Set(ALL.map(({ name }) => name)).size, ALL.length)
  assert.ok(BREAKS.length >= 6)
  for (const [file, edits] of Map.groupBy(ALL, ({ file }) => file)) {
    const source = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
    const edited = applyEdits(source, edits)
    for (const { name } of edits) assert.ok(edited.includes(`isOn("${name}")`))
    assert.doesNotThrow(() => stripTypeScriptTypes(edited), file)
  }
})
