import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textParts } from './text-parts.ts'

const links = (text: string) => textParts(text).flatMap(({ href }) => (href === undefined ? [] : [href]))

test('any text, when cut into parts, then the parts are the text and every address is http, https or mailto', () => {
  const words = fc.constantFrom(
    'https://a.example/x',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://',
    'www.b.example',
    'mailto:c@d.example',
    'HTTPS://E.example).',
    'vbscript:x',
    '<script>',
    'http://[::1',
    '\u202Ehttps://f.example',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ unit: 'grapheme' })), { maxLength: 12 }), (pieces) => {
      const text = pieces.join(' ')
      const parts = textParts(text)
      assert.equal(parts.map((part) => part.text).join(''), text)
      for (const { href } of parts) assert.match(href ?? 'http:', /^(https?|mailto):/)
    }),
  )
})

test('links in sentences, when found, then punctuation around them stays text', () => {
  assert.deepEqual(links('see https://a.example/b_(c), or (www.d.example).'), [
    'https://a.example/b_(c)',
    'https://www.d.example/',
  ])
  assert.deepEqual(links('write to mailto:me@a.example!'), ['mailto:me@a.example'])
})

test('addresses that run code, when written, then they are text', () => {
  for (const text of [
    'javascript:alert(1)',
    'JaVaScRiPt://%0aalert(1)',
    'data:text/html,<b>',
    'file:///etc/passwd',
    'blob:https://a.example/x',
  ])
    assert.deepEqual(
      links(text).filter((href) => !href.startsWith('https://a.example')),
      [],
    )
})
