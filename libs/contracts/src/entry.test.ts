import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodeEntry,
  encodeEntry,
  eventDataOf,
  eventLine,
  formatInput,
  formatRange,
  parseInput,
  parseRange,
  publicationOf,
  signalDataOf,
  signalLine,
  splitLines,
} from './entry.ts'
import type { AnyEvent } from './events.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const parse = (bytes: Uint8Array): unknown => JSON.parse(decoder.decode(bytes))

/** Text as people and attackers write it: newlines, quotes, braces, separators of JSON and of lines, emoji. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed()),
  fc.constantFrom('\n', '\r\n', '\u2028', '"}}}}', ',"offset":7}}}}', '{"push":{}}\n', '\\', '👩‍👩‍👧‍👦', '\u0000'),
)
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
const message = (seq: number) =>
  fc
    .record({ text, from: id, cid: id, n: fc.nat() })
    .map((fields): AnyEvent => ({ type: 'message', seq, at: 1_700_000_000_000, ...fields }))
const channel = id.map((room) => `room:${room}`)
const events = fc
  .tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 12 }))
  .chain(([first, count]) => fc.tuple(...Array.from({ length: count }, (_, i) => message(first + i))))

test('an entry, of any events with any text, has one line for each and gives them back', () => {
  fc.assert(
    fc.property(channel, events, (name, all) => {
      const payload = encodeEntry(name, all)
      const lines = splitLines(payload)
      assert.equal(lines.length, all.length)
      assert.deepEqual(decodeEntry(payload), all)
      for (const [i, line] of lines.entries()) {
        assert.deepEqual(parse(line), { push: { channel: name, pub: { data: all[i], offset: all[i]?.seq } } })
      }
    }),
  )
})

test('a line, cut by position alone, gives the publication and the data that were put in', () => {
  fc.assert(
    fc.property(channel, events, (name, all) => {
      for (const event of all) {
        const line = encoder.encode(eventLine(name, event))
        assert.deepEqual(parse(publicationOf(name, line)), { data: event, offset: event.seq })
        assert.deepEqual(parse(eventDataOf(name, line, event.seq)), event)
      }
    }),
  )
})

test('a signal, cut by position alone, gives its data and has no offset', () => {
  const signal = { type: 'typing', user: 'alice' } as const
  const line = encoder.encode(signalLine('room:r1', signal))
  assert.deepEqual(parse(signalDataOf('room:r1', line)), signal)
  assert.deepEqual(parse(publicationOf('room:r1', line)), { data: signal })
})

test('lines, split, are views into the payload and copy nothing', () => {
  const payload = encoder.encode('one\ntwo\n\nfour')
  const lines = splitLines(payload)
  assert.deepEqual(
    lines.map((line) => decoder.decode(line)),
    ['one', 'two', '', 'four'],
  )
  for (const line of lines) assert.equal(line.buffer, payload.buffer)
})

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const word = fc.stringMatching(/^[a-z0-9]{1,12}$/)

test('a range, formatted and parsed, is the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.nat(), count, word, (first, more, n, epoch) => {
      const range = { first, last: first + more, n, epoch }
      assert.deepEqual(parseRange(formatRange(range)), range)
    }),
  )
})

test('an input, formatted and parsed, is the same', () => {
  fc.assert(
    fc.property(word, count, count, (incarnation, input, floor) => {
      assert.deepEqual(parseInput(formatInput({ incarnation, input, floor })), { incarnation, input, floor })
    }),
  )
})

for (const header of ['', '1', '1 2 3', '0 2 3 e', '3 2 1 e', 'a b c d', '1 1 -1 e', '1 NaN 0 e']) {
  test(`a range that is not ours, ${JSON.stringify(header)}, throws and says what it read`, () => {
    assert.throws(() => parseRange(header), new RegExp(`not an entry range: ${JSON.stringify(header)}`))
  })
}

for (const header of ['', ' 1 2', 'x', 'x 1', 'x -1 0', 'x 1 y']) {
  test(`an input that is not ours, ${JSON.stringify(header)}, throws and says what it read`, () => {
    assert.throws(() => parseInput(header), new RegExp(`not an entry input: ${JSON.stringify(header)}`))
  })
}
