import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hold, show } from './check.ts'
import { CHECKS } from './checks.ts'
import { EXCEPTIONS } from './exceptions.ts'
import { readTree } from './tree.ts'

const files = readTree()

for (const check of CHECKS) {
  test(`${check.rule}, ${check.name}, in every file of the tree`, () => {
    const findings = hold(check, files, EXCEPTIONS).map(show)
    assert.deepEqual(findings, [], `\n${findings.join('\n')}`)
  })
}

test('exceptions, all of them, name a check that there is and give a reason', () => {
  const names = new Set(CHECKS.map(({ name }) => name))
  for (const { check, reason } of EXCEPTIONS) {
    assert.ok(names.has(check), `there is no check "${check}"`)
    assert.ok(reason.length > 20, `"${reason}" is no reason`)
  }
})
