import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page, WebSocket } from 'playwright-core'
import { screenshot } from './chromium.ts'
import { agentPage, type ConsoleStage, consoleStage } from './consoles.ts'
import { agentAt, makeDesk } from './desks.ts'
import { manyConversations, nameOf } from './many.ts'
import { DESK } from './people.ts'
import { until } from './until.ts'

const COUNT = 1_000
/** Rows that fit, and a few beyond each edge. */
const ROWS_MAX = 40
/** After the first frame: the list of one's rooms, with what is unread; once more where something has come meanwhile. */
const LISTS_MAX = 2

let stage: ConsoleStage

before(async () => {
  stage = await consoleStage({ PROXY_HOPS: '1' })
})
after(() => stage?.[Symbol.asyncDispose]())

interface Command {
  readonly connect?: object
  readonly subscribe?: { readonly channel: string; readonly recover?: boolean }
  readonly rpc?: { readonly method: string }
}

/** What each connection of a page has sent, frame by frame. */
function framesOf(page: Page): Command[][][] {
  const connections: Command[][][] = []
  page.on('websocket', (socket: WebSocket) => {
    const frames: Command[][] = []
    connections.push(frames)
    socket.on('framesent', ({ payload }) => {
      const lines = String(payload).split('\n').filter(Boolean)
      frames.push(lines.map((line) => JSON.parse(line) as Command))
    })
  })
  return connections
}

const rows = (page: Page) => page.getByRole('complementary', { name: 'Conversations' }).locator('.list li')
const count = (page: Page, tab: string) => page.getByRole('tab', { name: tab }).locator('small').textContent()

/** Scrolls through the whole list. @returns everything that was seen on the way, and the most rows that were in the page at once. */
async function scrollThrough(page: Page): Promise<{ seen: Set<string>; rowsMost: number }> {
  const seen = new Set<string>()
  let rowsMost = 0
  const list = page.getByRole('complementary', { name: 'Conversations' }).locator('.list')
  for (let isEnd = false; !isEnd; ) {
    const titles = await rows(page).locator('b').allTextContents()
    rowsMost = Math.max(rowsMost, titles.length)
    for (const title of titles) seen.add(title)
    isEnd = await list.evaluate((element) => {
      element.scrollTop += element.clientHeight
      const { scrollTop, clientHeight, scrollHeight } = element
      const frame = element.ownerDocument.defaultView.requestAnimationFrame
      // What is scrolled is drawn in the frame after the one in which the page hears of it.
      return new Promise<boolean>((resolve) =>
        frame(() => frame(() => resolve(scrollTop + clientHeight >= scrollHeight - 1))),
      )
    })
  }
  for (const title of await rows(page).locator('b').allTextContents()) seen.add(title)
  return { seen, rowsMost }
}

test('an agent with 1,000 open conversations scrolls through all of them, and returns to them in one round trip', async (context) => {
  const { url } = stage.system
  const desk = await makeDesk(url, { strategy: 'manual' })
  await using agent = await agentAt(url, desk)
  const began = performance.now()
  const conversations = await manyConversations(url, { desk, agent, count: COUNT })
  context.diagnostic(`made in ${Math.round(performance.now() - began)} ms`)

  const { page, complaints } = await agentPage(stage, desk, { which: 0, ...DESK, status: 'offline' })
  await until('all are there', async () => (await count(page, 'Mine')) === String(COUNT))
  const { seen, rowsMost } = await scrollThrough(page)
  assert.equal(seen.size, COUNT, 'every conversation was seen')
  assert.ok(rowsMost <= ROWS_MAX, `${rowsMost} rows were in the page`)
  await screenshot(page, 'console-many-1280')

  const connections = framesOf(page)
  await page.context().setOffline(true)
  await page.getByText('You are offline.').waitFor()
  for (const id of conversations.slice(0, 3)) {
    const at = agent.desk(desk.desk).conversations.get(id)
    assert.ok(at)
    await agent.desk(desk.desk).act('desk.close', at)
  }
  const back = performance.now()
  await page.context().setOffline(false)
  await until('what was missed is there', async () => (await count(page, 'Ended')) === '3')
  context.diagnostic(`back in ${Math.round(performance.now() - back)} ms`)
  assert.equal(await count(page, 'Mine'), String(COUNT - 3))
  await page.getByRole('tab', { name: 'Ended' }).click()
  await page.getByRole('button', { name: new RegExp(`^${nameOf(0)}`) }).waitFor()
  const frames = connections.findLast((sent) => sent.some((commands) => commands.some(({ connect }) => connect)))
  assert.ok(frames)
  const [first = [], ...rest] = frames
  assert.ok(
    first.some(({ connect }) => connect),
    'the first frame asks to connect',
  )
  const resumed = first.find(({ subscribe }) => subscribe?.channel === `desk:${desk.desk}`)
  assert.equal(resumed?.subscribe?.recover, true, 'and, in the same frame, for what happened at the desk meanwhile')
  const asked = rest.flat().flatMap(({ rpc }) => (rpc ? [rpc.method] : []))
  assert.equal(first.length, 2, 'and for nothing else')
  assert.ok(asked.length <= LISTS_MAX && asked.every((method) => method === 'room.list'), `it asked for ${asked}`)
  assert.deepEqual(
    complaints.filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED')),
    [],
  )
  await page.context().close()
})
