import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import type { DeviceBody } from '@switchboard/contracts/http'
import { MAX } from '@switchboard/contracts/limits'
import { addressOf } from '../src/query-devices.ts'
import { openStage, type Pod, type Stage, until } from './stage.ts'

let stage: Stage
let pod: Pod
before(async () => {
  stage = await openStage()
  pod = await stage.start()
})
after(async () => {
  await pod[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

const codeOf = (answer: object) => (isRefusal(answer) ? answer.code : 'ok')

test('an account is created twice, then the second is refused and the first one’s password stays', async () => {
  const created = await stage.answer('account.create', { user: 'ann', password: 'correct horse', name: 'Ann' })
  assert.deepEqual(created, { user: 'ann' })
  const again = await stage.ask('account.create', { user: 'ann', password: 'another one' })
  assert.deepEqual([codeOf(again), isRefusal(again) && again.field], ['user_taken', 'user'])
  const login = await stage.answer('account.login', { user: 'ann', password: 'correct horse' })
  assert.deepEqual(login, { user: 'ann', name: 'Ann', roles: ['user'] })
  assert.equal(codeOf(await stage.ask('account.login', { user: 'ann', password: 'another one' })), 'bad_credentials')
  assert.equal(codeOf(await stage.ask('account.login', { user: 'nobody', password: 'another one' })), 'bad_credentials')
})

test('the same account is created at once from many sides, then exactly one gets it', async () => {
  const tries = Array.from({ length: 8 }, (_, i) => `password-${i}`)
  const answers = await Promise.all(tries.map((password) => stage.ask('account.create', { user: 'race', password })))
  assert.deepEqual(answers.map(codeOf).sort(), ['ok', ...Array.from({ length: 7 }, () => 'user_taken')])
  const winner = tries[answers.findIndex((answer) => codeOf(answer) === 'ok')] ?? ''
  assert.equal((await stage.answer('account.login', { user: 'race', password: winner })).user, 'race')
})

test('a password that is typed as other code points, then it is the same; it lies nowhere in clear', async () => {
  await stage.answer('account.create', { user: 'uni', password: 'caf\u00e9-caf\u00e9', roles: ['agent', 'user'] })
  const login = await stage.answer('account.login', { user: 'uni', password: 'cafe\u0301-cafe\u0301' })
  assert.deepEqual([login.name, login.roles], ['uni', ['agent', 'user']])
  const stored = JSON.stringify(await stage.collections.users.findOne({ _id: 'uni' }))
  assert.ok(stored.includes('scrypt$10$') && !stored.includes('caf'))
})

test('somebody is in rooms before they have an account, then the account is added and the rooms stay', async () => {
  const room = stage.room('early')
  await room.create(['ann', 'late'])
  await stage.user('late').added(room)
  await until(async () => (await stage.collections.users.findOne({ _id: 'late' }))?.head === 1, 'the membership')
  assert.equal(codeOf(await stage.ask('account.login', { user: 'late', password: 'password' })), 'bad_credentials')
  await stage.answer('account.create', { user: 'late', password: 'password' })
  await stage.answer('account.login', { user: 'late', password: 'password' })
  const { lists } = await stage.answer('user.rooms', { users: ['late'] })
  assert.deepEqual([lists[0]?.head, lists[0]?.rooms.length], [1, 1])
})

test('an account comes first and then a room, then the list has the room', async () => {
  await stage.answer('account.create', { user: 'first', password: 'password' })
  const room = stage.room('second')
  await room.create(['ann', 'first'])
  await stage.user('first').added(room)
  await until(async () => (await stage.collections.users.findOne({ _id: 'first' }))?.head === 1, 'the membership')
  assert.equal((await stage.answer('account.login', { user: 'first', password: 'password' })).user, 'first')
})

const apns = (letter: string): DeviceBody => ({ provider: 'apns', target: { token: letter.repeat(64) } })
const devicesOf = async (user: string) =>
  (await stage.collections.devices.find({ user }).sort({ _id: 1 }).toArray()).map(({ device }) => device)

test('a device moves to another account, then pushes go to the new one alone', async () => {
  await stage.answer('device.put', { user: 'ann', device: 'phone', body: apns('a') })
  await stage.answer('device.put', { user: 'bob', device: 'phone', body: apns('b') })
  assert.deepEqual([await devicesOf('ann'), await devicesOf('bob')], [['phone'], ['phone']])
  // The same phone, and its operating system writes the token in capitals now.
  await stage.answer('device.put', { user: 'bob', device: 'old-phone', body: apns('A') })
  assert.deepEqual([await devicesOf('ann'), await devicesOf('bob')], [[], ['old-phone', 'phone']])
})

test('a device is registered again with a new token, then it has that one', async () => {
  const body: DeviceBody = { provider: 'fcm', target: { token: 'token-one' } }
  await stage.answer('device.put', { user: 'cid', device: 'tab', body })
  const renewed: DeviceBody = { provider: 'fcm', target: { token: 'token-two' } }
  await stage.answer('device.put', { user: 'cid', device: 'tab', body: renewed })
  const [stored, ...others] = await stage.collections.devices.find({ user: 'cid' }).toArray()
  assert.deepEqual([stored?.target, stored?.address, others], [renewed.target, addressOf(renewed), []])
})

test('one address for many accounts at once, then exactly one has it', async () => {
  const users = Array.from({ length: 6 }, (_, i) => `mover-${i}`)
  await Promise.all(users.map((user) => stage.ask('device.put', { user, device: 'd', body: apns('c') })))
  assert.equal(await stage.collections.devices.countDocuments({ address: addressOf(apns('c')) }), 1)
})

test('more devices than a person may have, then the oldest gave way', async () => {
  for (let i = 0; i <= MAX.devices; i += 1) {
    const body: DeviceBody = { provider: 'fcm', target: { token: `collector-${i}` } }
    await stage.answer('device.put', { user: 'collector', device: `d${i}`, body })
  }
  const devices = await devicesOf('collector')
  assert.deepEqual([devices.length, devices.includes('d0'), devices.includes('d1')], [MAX.devices, false, true])
})

test('a provider says that a device is gone, then it is forgotten unless it was registered since', async () => {
  await stage.answer('device.put', { user: 'dan', device: 'phone', body: apns('d') })
  const registered = (await stage.collections.devices.findOne({ _id: 'dan:phone' }))?.registered_at ?? 0
  const gone = { user: 'dan', device: 'phone', reason: 'Unregistered' }
  const early = await stage.answer('device.forget', { ...gone, registered_before: registered })
  assert.deepEqual([early.forgotten, await devicesOf('dan')], [false, ['phone']])
  const late = await stage.answer('device.forget', { ...gone, registered_before: registered + 1 })
  assert.deepEqual([late.forgotten, await devicesOf('dan')], [true, []])
  await stage.answer('device.put', { user: 'dan', device: 'phone', body: apns('d') })
  await stage.answer('device.delete', { user: 'dan', device: 'phone' })
  assert.deepEqual(await devicesOf('dan'), [])
})
