import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MongoCompatibilityError, MongoNetworkError, MongoServerError } from 'mongodb'
import { troubleOf } from './mongo-errors.ts'
import { checkAge } from './mongo-indexes.ts'

test('a database that refuses the password, then the sentence names the setting and no secret', () => {
  for (const code of [18, 334, 8_000])
    assert.match(troubleOf(new MongoServerError({ message: 'Authentication failed.', code })), /MONGO_URL is wrong/)
})

test('a database that is too old, for the driver or for us, then the sentence says which one is needed', () => {
  assert.match(troubleOf(new MongoCompatibilityError('wire version 6')), /^MongoDB is too old: wire version 6$/)
  const check = () => checkAge({ version: '5.0.31' })
  assert.throws(check, (error) => troubleOf(error) === 'MongoDB is too old: it is 5.0.31, and 6.0 or newer is needed')
  for (const version of ['6.0.0', '7.0.77', '10.1.2']) checkAge({ version })
})

test('a database that is away, then it is said that it will be tried again', () => {
  assert.match(troubleOf(new MongoNetworkError('connection refused')), /trying again$/)
})
