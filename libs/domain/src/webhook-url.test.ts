import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWebhookUrl } from './webhook-url.ts'

const verdictOf = (address: string, hosts: readonly string[] = []) => {
  const read = readWebhookUrl(address, hosts)
  return 'refused' in read ? read.refused : read.trusted
}

test('an address of a webhook, unless it is https at a name, is refused, whatever way it is written', () => {
  assert.equal(verdictOf('https://shop.example/hooks?x=1'), false)
  assert.equal(verdictOf('https://shop.example:8443/'), false)
  assert.equal(verdictOf('nothing'), 'is no address')
  for (const address of ['http://shop.example/', 'ftp://shop.example/', 'file:///etc/passwd', 'javascript:alert(1)'])
    assert.equal(verdictOf(address), 'must be https')
  assert.equal(verdictOf('https://user:word@shop.example/'), 'must not hold credentials')
  for (const host of ['127.0.0.1', '[::1]', '10.0.0.7', '2130706433', '0x7f.1', '[::ffff:10.0.0.1]'])
    assert.equal(verdictOf(`https://${host}/`), 'must be at a name, not at a number', host)
})

test('a host and port that the operator named, then exactly that is allowed, and nothing beside it', () => {
  const hosts = ['127.0.0.1:9000', 'crm.internal:443']
  assert.equal(verdictOf('http://127.0.0.1:9000/hook', hosts), true)
  assert.equal(verdictOf('https://crm.internal/', hosts), true)
  assert.equal(verdictOf('http://127.0.0.1:9001/hook', hosts), 'must be https')
  assert.equal(verdictOf('http://crm.internal/', hosts), 'must be https')
  assert.equal(verdictOf('https://127.0.0.1:9001/', hosts), 'must be at a name, not at a number')
  assert.equal(verdictOf('http://user@127.0.0.1:9000/', hosts), 'must not hold credentials')
})
