import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPublicAddress, publicOnly } from './public-address.ts'

const internal = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '64:ff9b::7f00:1',
  'fe80::1',
  'fc00::1',
  'fd12:3456::1',
  'ff02::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'not an address',
]
for (const address of internal) {
  test(`not public: ${address}`, () => {
    assert.equal(isPublicAddress(address), false)
  })
}
for (const address of ['8.8.8.8', '17.188.143.34', '172.32.0.1', '2a00:1450:4001:80b::200a', '2620:149::1']) {
  test(`public: ${address}`, () => {
    assert.equal(isPublicAddress(address), true)
  })
}

test('a name that points to a private address as well, then only its public ones are connected to; to private ones alone, none', () => {
  const names: Record<string, { address: string; family: number }[]> = {
    'both.example': [
      { address: '10.0.0.7', family: 4 },
      { address: '1.1.1.1', family: 4 },
    ],
    'inside.example': [{ address: '169.254.169.254', family: 4 }],
  }
  const look = publicOnly((name, _options, done) => done(null, names[name] ?? []))
  const found: unknown[] = []
  const note = (error: Error | null, address: unknown) =>
    found.push((error as { code?: string } | null)?.code ?? address)
  look('both.example', {}, note)
  look('both.example', { all: true }, note)
  look('inside.example', {}, note)
  assert.deepEqual(found, ['1.1.1.1', [{ address: '1.1.1.1', family: 4 }], 'EPRIVATEADDRESS'])
})
