import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serversOf } from './servers.ts'

for (const [urls, expected] of [
  ['nats://a:4222', { servers: ['nats://a:4222'] }],
  ['nats://a:4222, tls://b:4223', { servers: ['nats://a:4222', 'tls://b:4223'] }],
  ['nats://me:secret@a:4222', { servers: ['nats://a:4222'], user: 'me', pass: 'secret' }],
  [
    'nats://me:p%40ss%2F1@a:4222,nats://b:4222',
    { servers: ['nats://a:4222', 'nats://b:4222'], user: 'me', pass: 'p@ss/1' },
  ],
  [
    'nats://a:4222,nats://me:secret@b:4222',
    { servers: ['nats://a:4222', 'nats://b:4222'], user: 'me', pass: 'secret' },
  ],
  ['nats://t0ken@a:4222', { servers: ['nats://a:4222'], token: 't0ken' }],
] as const) {
  test(`addresses of NATS, ${urls}, are taken apart from their credentials`, () => {
    assert.deepEqual(serversOf(urls), expected)
  })
}
