import assert from 'node:assert/strict'
import { test } from 'node:test'
import { framingSites, pageHeaders, pageOf } from './api-web.ts'

const ancestorsOf = (path: string, sites: readonly string[]) =>
  /frame-ancestors (.*)$/.exec(pageHeaders(path, framingSites(sites))['content-security-policy'] ?? '')?.[1]

test('sites that may show the widget, then only its own page may be framed, by them and by this host', () => {
  assert.equal(ancestorsOf('/dist/widget.html', ['https://shop.example:8443']), "'self' https://shop.example:8443")
  assert.equal(ancestorsOf('/dist/widget.html', ['*']), "'self' *")
  assert.equal(ancestorsOf('/dist/widget.html', []), "'self'")
  assert.equal(ancestorsOf('/dist/index.html', ['*']), "'none'")
  assert.equal(ancestorsOf('/dist/console.html', ['*']), "'none'")
})

test('an entry that would add to the policy, then the edge does not start with it', () => {
  for (const site of ['https://a.example; script-src *', 'shop.example', "'unsafe-inline'", 'https://a b', ''])
    assert.throws(() => framingSites([site]), /WIDGET_SITES/)
})

test('an address, then it is the page that has its first name, or the chat', () => {
  const pages = new Set(['index.html', 'console.html', 'widget.html'])
  assert.equal(pageOf('/console', pages), 'console.html')
  assert.equal(pageOf('/console/anything?x=1', pages), 'console.html')
  assert.equal(pageOf('/widget?desk=a', pages), 'widget.html')
  assert.equal(pageOf('/demo', pages), 'index.html')
  assert.equal(pageOf('/', pages), 'index.html')
  assert.equal(pageOf('/room/console', pages), 'index.html')
})
