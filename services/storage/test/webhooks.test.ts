import assert from 'node:assert/strict'
import test from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { openStage, type Stage } from './stage.ts'

const put = (
  stage: Stage,
  hook: string,
  more: { desk?: string; secret?: string; rotate?: boolean; url?: string } = {},
) =>
  stage.ask('webhook.put', {
    ...{ hook, url: 'https://shop.example/', desk: null, events: ['message'] as const, secret: 'one', rotate: false },
    ...more,
  })

test('a webhook is made once, keeps its secret when it is changed, and gets another one when that is asked for', async () => {
  await using stage = await openStage()
  await using _pod = await stage.start()
  const made = await put(stage, 'crm')
  assert.ok(!isRefusal(made) && made.made && made.secret === 'one')
  const changed = await put(stage, 'crm', { secret: 'two', url: 'https://new.example/' })
  assert.ok(!isRefusal(changed) && !changed.made && changed.secret === undefined)
  assert.equal(changed.webhook.url, 'https://new.example/')
  const secretsNow = async () => (await stage.answer('webhook.targets', { desk: 'd1' })).webhooks[0]?.secrets
  assert.deepEqual(await secretsNow(), ['one'])
  const rotated = await put(stage, 'crm', { secret: 'three', rotate: true })
  assert.ok(!isRefusal(rotated) && rotated.secret === 'three')
  assert.deepEqual(await secretsNow(), ['three', 'one'], 'whoever has the old one yet can go on')
  assert.deepEqual(await stage.answer('webhook.remove', { hook: 'crm' }), { removed: true })
  assert.deepEqual(await stage.answer('webhook.remove', { hook: 'crm' }), { removed: false })
  assert.equal(await secretsNow(), undefined)
})

test('webhooks of a desk and of all, then a desk is told of both, others of theirs, and none without its secret', async () => {
  await using stage = await openStage()
  await using _pod = await stage.start()
  await put(stage, 'all')
  await put(stage, 'mine', { desk: 'd1' })
  await put(stage, 'theirs', { desk: 'd2' })
  const told = async (desk: string) =>
    (await stage.answer('webhook.targets', { desk })).webhooks.map(({ hook }) => hook)
  assert.deepEqual(await told('d1'), ['all', 'mine'])
  assert.deepEqual(await told('d2'), ['all', 'theirs'])
  const listed = await stage.answer('webhook.list', { desk: 'd1' })
  assert.deepEqual(
    listed.webhooks.map((one) => [one.hook, 'secret' in one]),
    [
      ['all', false],
      ['mine', false],
    ],
  )
  assert.deepEqual((await stage.answer('webhook.list', {})).webhooks.length, 1)
})

test('as many webhooks as a desk may have, then the next is refused, and one that is there may still be changed', async () => {
  await using stage = await openStage()
  await using _pod = await stage.start()
  for (let i = 0; i < MAX.webhooks; i += 1) assert.ok(!isRefusal(await put(stage, `h${i}`, { desk: 'd1' })))
  const refused = await put(stage, 'one-more', { desk: 'd1' })
  assert.ok(isRefusal(refused) && refused.code === 'limit_exceeded')
  assert.ok(!isRefusal(await put(stage, 'h0', { desk: 'd1' })))
  assert.ok(!isRefusal(await put(stage, 'one-more', { desk: 'd2' })))
})
