import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { screenshot } from './chromium.ts'
import { accept, agentPage, answer, type ConsoleStage, consoleStage, lineOf, saidIn, visitor } from './consoles.ts'
import { makeDesk } from './desks.ts'
import { widgetTexts, write } from './host-page.ts'
import { DESK, PHONE } from './people.ts'

let stage: ConsoleStage

before(async () => {
  stage = await consoleStage()
})
after(() => stage?.[Symbol.asyncDispose]())

test('a supervisor looks on live and unseen, whispers, takes over, and reads how it went', async () => {
  const desk = await makeDesk(stage.system.url)
  const ann = await agentPage(stage, desk, { which: 0, ...DESK })
  const vera = await visitor(stage, desk, 'Vera Lind')
  await write(vera.frame, 'is it broken?')
  await accept(ann.page).click()
  await saidIn(ann.page, 'is it broken?').waitFor()

  const ben = await agentPage(stage, desk, { which: 1, ...DESK })
  await ben.page.getByRole('tab', { name: /^Team/ }).click()
  await lineOf(ben.page, 'Vera Lind').click()
  await saidIn(ben.page, 'is it broken?').waitFor()
  await ben.page.getByText('Ann Berg has this conversation. You look on unseen.').waitFor()
  assert.equal(
    await ben.page.getByRole('textbox', { name: 'Message' }).count(),
    0,
    'a supervisor who looks on writes to agents alone',
  )
  await answer(ann.page, 'let me see')
  await saidIn(ben.page, 'let me see').waitFor()
  await ben.page.getByRole('textbox', { name: 'Note' }).fill('it is, in fact')
  await ben.page.keyboard.press('Enter')
  await ann.page.locator('[data-by="note"]', { hasText: 'it is, in fact' }).waitFor()
  await ben.page.locator('[data-by="note"]', { hasText: 'it is, in fact' }).waitFor()
  await screenshot(ben.page, 'console-watch-1280')

  await ben.page.getByRole('button', { name: 'Take over' }).click()
  await answer(ben.page, 'I am sorry, it is')
  await vera.frame.getByText('I am sorry, it is').waitFor()
  await ann.page.getByText('Ben Ito has this conversation.').waitFor()
  assert.deepEqual(await widgetTexts(vera.frame), ['is it broken?', 'let me see', 'I am sorry, it is'])
  assert.equal(await vera.frame.getByText('in fact').count(), 0, 'the visitor sees nothing of the whisper')

  await ben.page.keyboard.press('Escape')
  await ben.page.keyboard.press('p')
  const report = ben.page.getByRole('main', { name: 'Reports' })
  await report.getByRole('row', { name: /Ben Ito/ }).waitFor()
  const cells = await report
    .getByRole('row', { name: /Ben Ito/ })
    .getByRole('cell')
    .allTextContents()
  assert.equal(cells[0], '1', 'one conversation')
  assert.match(cells[4] ?? '', /\d+ s · \d+ s/, 'the first reply was measured')
  await screenshot(ben.page, 'console-report-1280')
  await report.getByLabel('Rows').selectOption('desk')
  await report.getByRole('row', { name: /Shop support/ }).waitFor()
  await report.getByLabel('Rows').selectOption('hour')
  await report.getByRole('columnheader', { name: 'hour' }).waitFor()
  await ann.page.keyboard.press('p')
  assert.equal(await ann.page.getByRole('main', { name: 'Reports' }).count(), 0, 'reports are for supervisors')
  assert.deepEqual([...ann.complaints, ...ben.complaints], [])
  for (const { page } of [ann, ben, vera]) await page.context().close()
})

test('a desk that promises an answer in time, when it is late, then the list says so until it is answered', async () => {
  const desk = await makeDesk(stage.system.url, { waiting_seconds: 5, first_reply_seconds: 3_600 })
  const ann = await agentPage(stage, desk, { which: 0, ...PHONE, status: 'away' })
  const vera = await visitor(stage, desk, 'Vera Lind')
  await write(vera.frame, 'hello?')
  await ann.page.getByRole('tab', { name: /^Waiting/ }).click()
  await lineOf(ann.page, 'Vera Lind').getByText('<1m late').waitFor()
  await screenshot(ann.page, 'console-late-390')
  await ann.page.getByLabel('Your status').selectOption('online')
  await accept(ann.page).click()
  await ann.page.getByRole('button', { name: 'Back to the list' }).click()
  await lineOf(ann.page, 'Vera Lind')
    .getByText(/^in \d+m$/)
    .waitFor()
  await lineOf(ann.page, 'Vera Lind').click()
  await answer(ann.page, 'hello!')
  await ann.page.getByRole('button', { name: 'Back to the list' }).click()
  await lineOf(ann.page, 'Vera Lind')
    .getByText(/^in \d+m$/)
    .waitFor({ state: 'detached' })
  for (const { page } of [ann, vera]) await page.context().close()
})
