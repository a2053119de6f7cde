import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CidMemory } from './cid-memory.ts'

const HOUR_MS = 3_600_000
const NOW = 1_800_000_000_000
const v7 = (atMs: number) => {
  const hex = atMs.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8abc-0123456789ab`
}
const used = (seq: number, cid = `c${seq}`) => ({ from: 'alice', cid, seq, at: NOW - HOUR_MS + seq, intent: 'i' })

test('CidMemory, complete from the first event, then a cid it has not is new', () => {
  const memory = new CidMemory({ cids: [used(1)], cids_since: 0, cids_since_at: 0 }, { exact: 10, sieved: 0 })
  assert.equal(memory.find('alice', 'other', NOW), 'new')
  assert.equal(memory.find('bob', 'c1', NOW), 'new')
  assert.deepEqual(memory.find('alice', 'c1', NOW), used(1))
})

test('CidMemory, incomplete, then a plain cid is unknown and a fresh UUIDv7 is new', () => {
  const memory = new CidMemory({ cids: [], cids_since: 7, cids_since_at: NOW - HOUR_MS }, { exact: 10, sieved: 0 })
  assert.equal(memory.find('alice', 'c1', NOW), 'unknown')
  assert.equal(memory.find('alice', v7(NOW), NOW), 'new')
})

test('CidMemory, incomplete, then a UUIDv7 of about the time before it, or from the future, is unknown', () => {
  const memory = new CidMemory({ cids: [], cids_since: 7, cids_since_at: NOW - HOUR_MS }, { exact: 10, sieved: 0 })
  assert.equal(memory.find('alice', v7(NOW - HOUR_MS + 1_000), NOW), 'unknown')
  assert.equal(memory.find('alice', v7(NOW - 2 * HOUR_MS), NOW), 'unknown')
  assert.equal(memory.find('alice', v7(NOW + HOUR_MS), NOW), 'unknown')
})

test('CidMemory, past its limit, then the oldest is forgotten and no more called new', () => {
  const memory = new CidMemory({ cids: [], cids_since: 0, cids_since_at: 0 }, { exact: 3, sieved: 100 })
  for (let seq = 1; seq <= 4; seq += 1) memory.add(used(seq))
  assert.equal(memory.find('alice', 'c1', NOW), 'unknown')
  assert.deepEqual(memory.find('alice', 'c2', NOW), used(2))
})

test('CidMemory, past its limit, then one that was never used is new all the same, until the sieve gives up', () => {
  const memory = new CidMemory({ cids: [], cids_since: 0, cids_since_at: 0 }, { exact: 3, sieved: 10_000 })
  for (let seq = 1; seq <= 9_000; seq += 1) memory.add(used(seq))
  assert.equal(memory.find('alice', 'never', NOW), 'new')
  assert.ok([1, 77, 8_000].every((seq) => memory.find('alice', `c${seq}`, NOW) === 'unknown'))
  for (let seq = 9_001; seq <= 12_000; seq += 1) memory.add(used(seq))
  assert.equal(memory.find('alice', 'never', NOW), 'unknown', 'it is complete from a later event on')
  assert.equal(memory.find('alice', v7(NOW), NOW), 'new')
})
