import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { isSigned, signatureOf, verifiedUser } from './visitor-signature.ts'

const NOW_MS = 1_000_000_000
const by = { secret: 'of the desk', desk: 'd1', nowMs: NOW_MS }
const named = { user: 'customer-7', name: 'Vera', at: NOW_MS }
const signed = { ...named, signature: signatureOf(by.secret, 'd1', named) }

test('a visitor whom the customer’s own server has signed, while that is fresh, is known', () => {
  assert.equal(isSigned(signed, by), true)
  assert.equal(isSigned(signed, { ...by, nowMs: NOW_MS + MAX.verifiedMs }), true)
})

test('a signature of anything else, of another desk, or an old one, is none', () => {
  assert.equal(isSigned({ ...signed, user: 'customer-8' }, by), false)
  assert.equal(isSigned({ ...signed, email: 'v@example.org' }, by), false)
  assert.equal(isSigned({ ...signed, at: NOW_MS + 1 }, by), false)
  assert.equal(isSigned(signed, { ...by, desk: 'd2' }), false)
  assert.equal(isSigned(signed, { ...by, secret: 'another' }), false)
  assert.equal(isSigned(signed, { ...by, nowMs: NOW_MS + MAX.verifiedMs + 1 }), false)
  assert.equal(isSigned({ ...signed, signature: 'ab' }, by), false)
})

test('a named visitor is the same person each time, and somebody else at another desk', () => {
  assert.equal(verifiedUser('d1', 'customer-7'), verifiedUser('d1', 'customer-7'))
  assert.notEqual(verifiedUser('d1', 'customer-7'), verifiedUser('d2', 'customer-7'))
  assert.match(verifiedUser('d1', 'ü'.repeat(100)), /^v-[A-Za-z0-9_-]{32}$/)
})
