import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkHistory } from '@switchboard/testkit/history/check'
import { formatVerdict } from '@switchboard/testkit/history/format'
import { readJournal } from '@switchboard/testkit/history/journal'
import type { JournalRecord } from '@switchboard/testkit/history/records'
import { type FlowSystem, flowSystem } from '../../flow/flow-fixture.ts'
import { finalReads } from '../bots/final-reads.ts'
import { Journal } from '../bots/journal.ts'
import { type BotProcesses, startBots } from '../bots/processes.ts'
import { until } from '../world-until.ts'

/** On a machine that is busy with other things. */
const WAIT_MS_MAX = 120_000
const PHONE = 'a'.repeat(64)
/** Of each: enough of everything, at the rates below, for some seconds of traffic. */
const ENOUGH = { ok: 120, recovered: 8, history: 8, duplicates: 3, presence: 1, mark: 8, unsubscribed: 1 }

let flow: FlowSystem
let dir: string
before(async () => {
  // Passwords are not what is tried here, and many people log in.
  flow = await flowSystem({ serviceEnv: { storage: { SCRYPT_COST_LOG2: '10' } } })
  dir = await mkdtemp(join(tmpdir(), 'switchboard-bots-'))
})
after(async () => {
  await flow[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

const startTwo = (folder: string, prefix: string): Promise<BotProcesses> =>
  startBots({
    seed: 7,
    url: flow.url,
    processes: 2,
    users: 12,
    rooms: 4,
    operationsPerSecond: 60,
    phones: [{ device: 'phone', body: { provider: 'apns', target: { token: PHONE } }, target: PHONE }],
    rates: {
      presentMs: [800, 3_000],
      awayMs: [100, 1_000],
      lostPlaces: 0.4,
      weights: { duplicate: 12, online: 6, leave: 4, remove: 3, join: 6, add: 4 },
    },
    prefix,
    dir: join(dir, folder),
  })

const ofType = <Type extends JournalRecord['type']>(records: readonly JournalRecord[], type: Type) =>
  records.filter((record): record is Extract<JournalRecord, { type: Type }> => record.type === type)

/** What is in the journals by now, as far as it was written. */
async function isEnough(folder: string): Promise<boolean> {
  const { records } = await readJournal(join(dir, folder))
  const seen = ofType(records, 'seen')
  const cids = ofType(records, 'invoke').map(({ user, operation }) =>
    'cid' in operation ? `${user} ${operation.cid}` : '',
  )
  const counts = {
    ok: ofType(records, 'return').filter(({ outcome }) => outcome === 'ok').length,
    recovered: seen.filter(({ how }) => how === 'recovered').length,
    history: seen.filter(({ how }) => how === 'history').length,
    duplicates: cids.length - new Set(cids).size,
    presence: ofType(records, 'presence').length,
    mark: ofType(records, 'mark').length,
    unsubscribed: ofType(records, 'unsubscribed').length,
  }
  return Object.entries(ENOUGH).every(([name, least]) => counts[name as keyof typeof counts] >= least)
}

test('two client processes at work, then every command has its answer in the journal and the checker finds nothing', async () => {
  await using bots = await startTwo('calm', 'calm')
  bots.start()
  await until('the bots have done enough of everything', WAIT_MS_MAX, () => isEnough('calm'))
  const summaries = await bots.finish()
  assert.deepEqual(
    summaries.map(({ settled, inFlight, waiting, away }) => ({ settled, inFlight, waiting, away })),
    summaries.map(() => ({ settled: true, inFlight: 0, waiting: 0, away: [] })),
  )
  assert.deepEqual(await bots.settle(), [])
  using journal = new Journal(join(dir, 'calm', 'final.jsonl'), 'final')
  const report = await finalReads(
    {
      url: flow.url,
      natsUrls: [flow.options.natsUrl],
      mongoUrl: flow.options.mongoUrl,
      namespace: flow.options.namespace,
      database: flow.options.database,
      rooms: bots.rooms.map(({ room }) => room),
      users: bots.users,
      present: (msMin) => bots.present(msMin),
      // Nothing was broken: nobody needs time to be noticed.
      steadyMs: 1_000,
    },
    journal,
  )
  assert.deepEqual(report.unsettled, [])
  await bots.quit()

  const { records, torn } = await readJournal(join(dir, 'calm'))
  assert.equal(torn, 0)
  const invoked = ofType(records, 'invoke').map(({ id }) => id)
  assert.equal(new Set(invoked).size, invoked.length)
  assert.deepEqual(new Set(ofType(records, 'return').map(({ id }) => id)), new Set(invoked))
  for (const type of [
    'connection',
    'subscribed',
    'looking',
    'device',
    'final-history',
    'final-list',
    'final-members',
    'final-online',
  ] as const)
    assert.ok(ofType(records, type).length > 0, `the journal has no ${type}`)
  const hows = new Set(ofType(records, 'subscribed').map(({ how }) => how))
  assert.deepEqual(hows, new Set(['fresh', 'recovered', 'reload']))
  const verdict = checkHistory(records)
  assert.ok(verdict.passed, formatVerdict(verdict))
})

test('a client process that is killed in the middle of its work, then its journal is whole and another takes over', async () => {
  await using bots = await startTwo('killed', 'killed')
  bots.start()
  const answered = async () => ofType((await readJournal(join(dir, 'killed'))).records, 'return').length
  await until('both are at work', WAIT_MS_MAX, async () => (await answered()) > 60)
  await bots.kill('p2')
  assert.deepEqual(bots.names, ['p1', 'p2r1'])
  const before = await answered()
  await until('both are at work again', WAIT_MS_MAX, async () => (await answered()) > before + 60)
  await bots.finish()
  assert.deepEqual(await bots.settle(), [])
  await bots.quit()
  const { records, torn } = await readJournal(join(dir, 'killed'))
  assert.equal(torn, 0)
  const last = new Map(ofType(records, 'connection').map(({ client, state }) => [client, state]))
  const ofKilled = [...last].filter(([client]) => client.startsWith('p2-'))
  assert.ok(ofKilled.length > 0)
  assert.ok(
    ofKilled.every(([, state]) => state !== 'connected'),
    JSON.stringify(ofKilled),
  )
  assert.deepEqual(checkHistory(records, { withoutFinals: true }).findings, [])
})
