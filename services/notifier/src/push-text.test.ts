import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fitText, plainLine } from './push-text.ts'

const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text))

test('layout, direction and control characters do not reach a phone, emoji do', () => {
  assert.equal(plainLine('  a\r\n\tb\u2028c  '), 'a b c')
  assert.equal(plainLine('pay \u202Egnp.exe\u202C \u0007now\u0000'), 'pay gnp.exe now')
  assert.equal(plainLine('\u2066x\u2069\uFEFF\u200F\u061C'), 'x')
  assert.equal(plainLine('👩‍👩‍👧 ok'), '👩‍👩‍👧 ok')
  assert.equal(plainLine('half \ud83d'), 'half \ufffd')
})

test('what fits stays whole, what does not is cut between graphemes and ends with an ellipsis', () => {
  assert.equal(fitText('short', 100, bytesOf), 'short')
  const family = '👩‍👩‍👧'
  const cut = fitText(family.repeat(10), 60, bytesOf)
  assert.equal(cut, `${family.repeat(3)}…`)
  assert.ok(bytesOf(cut) <= 60)
})

test('when not even the first grapheme fits, nothing is left', () => {
  assert.equal(fitText(`e${'\u0301'.repeat(1000)}`, 20, bytesOf), '')
  assert.equal(fitText('x'.repeat(100), 4, bytesOf), '')
})

test('for any text and bound, the result fits, is a beginning of the text, and one more grapheme would not fit', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 200 })
  fc.assert(
    fc.property(text, fc.integer({ min: 8, max: 300 }), (original, bytesMax) => {
      const fitted = fitText(original, bytesMax, bytesOf)
      assert.ok(bytesOf(fitted) <= bytesMax)
      if (fitted === original) return
      assert.ok(original.startsWith(fitted.replace(/…$/, '')))
      assert.ok(fitted.isWellFormed())
    }),
  )
})
