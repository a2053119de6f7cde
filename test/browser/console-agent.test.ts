import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Visit } from '@switchboard/client'
import { openWindow, screenshot } from './chromium.ts'
import {
  accept,
  agentPage,
  type ConsoleStage,
  consoleStage,
  lineOf,
  logInAt,
  openedAs,
  saidIn,
  visitor,
} from './consoles.ts'
import { API_KEY, acceptNext, agentAt, api, joinDesk, keepReply, makeDesk } from './desks.ts'
import { write } from './host-page.ts'
import { DESK } from './people.ts'
import { until } from './until.ts'

let stage: ConsoleStage

before(async () => {
  stage = await consoleStage()
})
after(() => stage?.[Symbol.asyncDispose]())

test('an agent of two desks, when they log in, then they choose, change, and see colleagues by name', async () => {
  const { browser, system } = stage
  const [one, two] = [await makeDesk(system.url), await makeDesk(system.url, { title: 'Returns' }, ['Cleo Sand'])]
  const ann = one.agents[0] ?? ''
  await joinDesk(system.url, two.desk, ann)
  const { page, complaints } = await openWindow(browser, `${system.url}/console`, DESK)
  await logInAt(page, ann)
  await page.getByRole('heading', { name: 'Your desks' }).waitFor()
  await page.getByRole('button', { name: /^Returns/ }).waitFor()
  await screenshot(page, 'console-desks-1280')
  await page.getByRole('button', { name: /^Returns/ }).click()
  await page.getByRole('heading', { name: 'Returns', exact: true }).waitFor()
  await page.getByRole('main', { name: 'The desk now' }).getByText('Cleo Sand').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('desk'), two.desk)
  await page.getByLabel('Desk', { exact: true }).selectOption(one.desk)
  await page.getByRole('heading', { name: 'Shop support' }).waitFor()
  await page.getByRole('main', { name: 'The desk now' }).getByText('Ben Ito').waitFor()
  assert.equal(await page.getByText('Cleo Sand').count(), 0)
  await page.goBack()
  await page.getByRole('heading', { name: 'Returns', exact: true }).waitFor()
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('a macro behind a slash, then it is filled in, sent, and does what it says; tags are added, removed and looked for', async () => {
  const { url } = stage.system
  const desk = await makeDesk(url)
  const reply = {
    reply: 'late',
    title: 'Parcel is late',
    shortcut: 'late',
    text: '{{visitor.name}}, sorry: see {{order}}. {{agent.name}}',
  }
  await keepReply(url, desk, { ...reply, actions: { tags: ['parcel', 'late'], priority: 'high' } })
  await keepReply(url, desk, { reply: 'bye', title: 'Good bye', text: 'Good bye', actions: { close: true } })
  const { page, complaints } = await agentPage(stage, desk, { which: 0, ...DESK })
  const [vera, will] = [await visitor(stage, desk, 'Vera Lind'), await visitor(stage, desk, 'Will Adams')]
  for (const [{ frame }, name] of [
    [vera, 'Vera Lind'],
    [will, 'Will Adams'],
  ] as const) {
    await write(frame, 'hello?')
    await accept(page).click()
    await openedAs(page, name).waitFor()
    await saidIn(page, 'hello?').waitFor()
  }
  await lineOf(page, 'Vera Lind').click()
  await openedAs(page, 'Vera Lind').waitFor()
  const box = page.getByRole('textbox', { name: 'Message' })
  await box.pressSequentially('/')
  await page.getByRole('option', { name: /Parcel is late/ }).waitFor()
  await screenshot(page, 'console-replies-1280')
  await box.press('ArrowDown')
  await page.getByRole('option', { name: /Parcel is late/, selected: true }).waitFor()
  await box.press('Escape')
  await page.getByRole('listbox', { name: 'Replies' }).waitFor({ state: 'detached' })
  await box.fill('')
  await box.fill('/late')
  await page.getByRole('option', { name: /Parcel is late/ }).waitFor()
  await box.press('Enter')
  await until('it is filled in', async () => (await box.inputValue()) === 'Vera Lind, sorry: see {{order}}. Ann Berg')
  await page.keyboard.type('box 12')
  await page.getByText('Then: tag “parcel”, tag “late”, priority high').waitFor()
  await box.press('Enter')
  await vera.frame.getByText('Vera Lind, sorry: see box 12. Ann Berg').waitFor()
  const tags = page.getByRole('region', { name: 'Tags' })
  await tags.getByRole('button', { name: 'parcel', exact: true }).waitFor()
  await until('it is urgent', async () => (await page.getByLabel('Priority').inputValue()) === 'high')
  await tags.getByLabel('Add a tag').fill('carrier')
  await tags.getByLabel('Add a tag').press('Enter')
  await tags.getByRole('button', { name: 'Remove the tag late' }).click()
  await tags.getByRole('button', { name: 'late', exact: true }).waitFor({ state: 'detached' })
  await page.getByLabel('Only with this tag').selectOption('carrier')
  await lineOf(page, 'Will Adams').waitFor({ state: 'detached' })
  await lineOf(page, 'Vera Lind').waitFor()
  await screenshot(page, 'console-tags-1280')
  await page.getByLabel('Only with this tag').selectOption('')
  await lineOf(page, 'Will Adams').click()
  await box.fill('/bye')
  await page.getByRole('option', { name: /Good bye/ }).click()
  await box.press('Enter')
  await will.frame.getByText('How was it?').waitFor()
  assert.deepEqual(complaints, [])
  for (const one of [page, vera.page, will.page]) await one.context().close()
})

test('a visitor who was here before, then their earlier conversation is there to be read', async () => {
  const { url } = stage.system
  const desk = await makeDesk(url)
  await using first = await agentAt(url, desk, 1)
  const taken = acceptNext(first)
  await using vera = await Visit.begin({ url, visitor: { desk: desk.desk, name: 'Vera Lind' } })
  const room = await vera.enter()
  const earlier = await taken
  room.send('my cup is broken')
  const old = first.open(earlier)
  await until('the agent reads it', async () => old.items.some((item) => item.kind === 'message'))
  await old.send('a new one is on its way').settled
  const at = first.desk(desk.desk).conversations.get(earlier)
  assert.ok(at)
  const { revision } = await first.desk(desk.desk).act('desk.tag', at, { tags: ['broken'] })
  await first.desk(desk.desk).act('desk.close', { conversation: earlier, revision })
  await first.desk(desk.desk).setStatus('offline')

  const { page, complaints } = await agentPage(stage, desk, { which: 0, ...DESK })
  await until('she has ended with the first', async () => vera.status?.state === 'closed')
  const again = await vera.enter()
  again.send('it came, thank you')
  await accept(page).click()
  await saidIn(page, 'it came, thank you').waitFor()
  const others = page.getByRole('region', { name: 'Earlier conversations' })
  await others.getByText('Ben Ito, closed').waitFor()
  await others.getByText('broken').waitFor()
  await screenshot(page, 'console-earlier-1280')
  await others.getByRole('button').first().click()
  await saidIn(page, 'a new one is on its way').waitFor()
  await page.getByText('It has ended').waitFor()
  await page.getByRole('region', { name: 'Earlier conversations' }).getByRole('button').first().click()
  await saidIn(page, 'it came, thank you').waitFor()
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('an answer to what a colleague has answered since, then it is not sent, and the agent decides', async () => {
  const { url } = stage.system
  const desk = await makeDesk(url)
  const { page } = await agentPage(stage, desk, { which: 0, ...DESK })
  await using vera = await Visit.begin({ url, visitor: { desk: desk.desk, name: 'Vera Lind' } })
  const room = await vera.enter()
  room.send('is it open on Sunday?')
  await accept(page).click()
  await saidIn(page, 'is it open on Sunday?').waitFor()
  const colleague = async (text: string) => {
    const path = `/v1/rooms/${room.id}/messages`
    const body = { cid: `by-key-${text.length}`, text, from: desk.agents[1] }
    const { status } = await api(url, { method: 'POST', path, body, headers: { 'x-api-key': API_KEY } })
    assert.equal(status, 200)
  }
  /** Ann writes while her network is away; meanwhile Ben answers. */
  const late = async (text: string, before: string) => {
    await page.context().setOffline(true)
    await page.getByRole('textbox', { name: 'Message' }).fill(text)
    await page.keyboard.press('Enter')
    await colleague(before)
    await page.context().setOffline(false)
    await page.getByText('A colleague has answered since you looked.').waitFor()
    await saidIn(page, before).waitFor()
  }
  await late('No, closed on Sundays', 'Until noon!')
  await screenshot(page, 'console-overtaken-1280')
  await page.getByRole('button', { name: 'Change it' }).click()
  const box = page.getByRole('textbox', { name: 'Message' })
  assert.equal(await box.inputValue(), 'No, closed on Sundays')
  await box.fill('As Ben says')
  await page.keyboard.press('Enter')
  await saidIn(page, 'As Ben says').waitFor()
  await late('And from two on', 'Not in the afternoon')
  await page.getByRole('button', { name: 'Send it all the same' }).click()
  const said = () => room.items.flatMap((item) => (item.kind === 'message' ? [item.text] : []))
  await until('the visitor has what was decided', async () => said().length === 5)
  assert.deepEqual(said(), [
    'is it open on Sunday?',
    'Until noon!',
    'As Ben says',
    'Not in the afternoon',
    'And from two on',
  ])
  await page.context().close()
})
