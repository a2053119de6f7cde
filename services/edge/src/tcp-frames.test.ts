import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { frameHeader, TcpFrames } from './tcp-frames.ts'

test('any frames cut at any places, then the same frames', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 })),
      fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
      (frames, cuts) => {
        const bytes = Buffer.concat(frames.flatMap((frame) => [frameHeader(frame), frame]))
        const cut = new TcpFrames(100)
        const got: Buffer[] = []
        for (let at = 0; at < bytes.length; ) {
          const length = cuts.next().value as number
          got.push(...(cut.push(bytes.subarray(at, at + length)) ?? assert.fail('refused')))
          at += length
        }
        assert.deepEqual(
          got.map((frame) => [...frame]),
          frames.map((frame) => [...frame]),
        )
      },
    ),
  )
})

test('a frame above its limit, then null before its bytes are there', () => {
  const cut = new TcpFrames(100)
  assert.equal(cut.push(Buffer.from([0, 0, 0, 101])), null)
})
