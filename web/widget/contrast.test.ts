import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { channelsOf, contrast, inkOn, luminance } from './contrast.ts'

test('any colour that a site chooses, then what is written on it can be read', () => {
  const channel = fc.integer({ min: 0, max: 255 })
  fc.assert(
    fc.property(channel, channel, channel, (r, g, b) => {
      const ink = channelsOf(inkOn(`rgb(${r}, ${g}, ${b})`))
      assert.ok(ink)
      assert.ok(contrast(luminance([r, g, b]), luminance(ink)) >= 4.2)
    }),
  )
})

test('colours in the forms that attributes and browsers have, then they are read; others are not', () => {
  assert.deepEqual(channelsOf('#fff'), [255, 255, 255])
  assert.deepEqual(channelsOf('#0a1B2c'), [10, 27, 44])
  assert.deepEqual(channelsOf('rgba(1, 2, 3, 0.5)'), [1, 2, 3])
  assert.equal(channelsOf('tomato'), null)
  assert.equal(inkOn('tomato'), '#ffffff')
  assert.equal(inkOn('#ffd54a'), '#10131a')
})
