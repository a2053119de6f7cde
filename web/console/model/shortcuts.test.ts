import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SHORTCUTS, shortcutOf } from './shortcuts.ts'

const pressed = (key: string, more: object = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more })

test('every key of the list, then it means one thing', () => {
  const keys = Object.values(SHORTCUTS).flatMap((shortcut) => [...shortcut.keys])
  assert.equal(new Set<string>(keys).size, keys.length)
  for (const [name, shortcut] of Object.entries(SHORTCUTS))
    for (const key of shortcut.keys) assert.equal(shortcutOf(pressed(key)), name)
})

test('a key with a modifier, or one of no meaning, then it is the browser’s', () => {
  assert.equal(shortcutOf(pressed('r', { ctrlKey: true })), null)
  assert.equal(shortcutOf(pressed('t', { metaKey: true })), null)
  assert.equal(shortcutOf(pressed('q')), null)
})
