import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { screenshot } from './chromium.ts'
import { agentPage, type ConsoleStage, consoleStage, lineOf, saidIn, visitor } from './consoles.ts'
import { botAt, makeDesk } from './desks.ts'
import { write } from './host-page.ts'
import { DESK } from './people.ts'

let stage: ConsoleStage

before(async () => {
  stage = await consoleStage()
})
after(() => stage?.[Symbol.asyncDispose]())

test('a bot answers, then the visitor and the console say that it is one, and that a person has come', async () => {
  const desk = await makeDesk(stage.system.url, { bot_seconds: 120 })
  await using bot = await botAt(stage.system.url, desk, 'Robin')
  const ben = await agentPage(stage, desk, { which: 1, ...DESK })
  await ben.page.getByText('bot, online').waitFor()
  const vera = await visitor(stage, desk, 'Vera Lind')
  await write(vera.frame, 'where is my parcel?')
  await vera.frame.getByText('You are talking with Robin, a bot').waitFor()
  await vera.frame.getByText('Shop support · bot').waitFor()
  await bot.answerAll('I am a program. Which number has it?')
  await vera.frame.getByText('Which number has it?').waitFor()
  await screenshot(vera.page, 'widget-bot-1280')

  await ben.page.getByRole('tab', { name: /^Team/ }).click()
  await lineOf(ben.page, 'Vera Lind').click()
  await saidIn(ben.page, 'where is my parcel?').waitFor()
  await ben.page.getByText('Open · Robin (bot)').waitFor()
  await ben.page.getByText('Robin (bot) took it').waitFor()
  await screenshot(ben.page, 'console-bot-1280')
  await ben.page.getByRole('button', { name: 'Take over' }).click()
  await vera.frame.getByText('Ben Ito is here now, in person').waitFor()
  assert.equal(await vera.frame.getByText('Shop support · bot').count(), 0)
  assert.deepEqual(ben.complaints, [])
  for (const { page } of [ben, vera]) await page.context().close()
})

test('a visitor writes while nobody is there, then whoever comes sees that it was left', async () => {
  const desk = await makeDesk(stage.system.url)
  const vera = await visitor(stage, desk, 'Vera Lind')
  await write(vera.frame, 'do you ship to Norway?')
  await vera.frame.getByText('We have your message and will answer here.').waitFor()
  const ben = await agentPage(stage, desk, { which: 1, status: 'offline', ...DESK })
  await ben.page.getByRole('tab', { name: /^Waiting/ }).click()
  await lineOf(ben.page, 'Vera Lind').getByText('Left a message').waitFor()
  await lineOf(ben.page, 'Vera Lind').click()
  await ben.page.getByText('Left when nobody was here: waiting for an answer').waitFor()
  await screenshot(ben.page, 'console-left-1280')
  for (const { page } of [ben, vera]) await page.context().close()
})
