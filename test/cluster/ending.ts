import { join } from 'node:path'
import { checkHistory } from '@switchboard/testkit/history/check'
import { formatVerdict } from '@switchboard/testkit/history/format'
import { readJournal } from '@switchboard/testkit/history/journal'
import { latencies } from '@switchboard/testkit/history/latencies'
import { finalReads } from '../fault/bots/final-reads.ts'
import { Journal } from '../fault/bots/journal.ts'
import { shownProblems } from './acts-rolling.ts'
import { forward } from './forwarding.ts'
import type { Scene } from './scene.ts'

const FINISH_MS_MAX = 90_000
const NATS_PORT = 4222
const MONGODB_PORT = 27_017

/** Bots come to rest, everything is read from all sides, and what they saw is held against what was promised. */
export async function judge(scene: Scene): Promise<void> {
  const { bots, journalDir, say, wrong } = scene
  for (const { process, settled, inFlight, waiting, away } of await bots.finish(FINISH_MS_MAX))
    if (!settled)
      wrong(`${process} did not settle: ${inFlight} in flight, ${waiting} waiting, away: ${away.join(', ')}`)
  for (const line of await bots.settle(FINISH_MS_MAX)) wrong(line)
  for (const line of await readTheEnd(scene)) wrong(line)
  await bots.quit()
  const { records, torn } = await readJournal(journalDir)
  const verdict = checkHistory(records, { torn: { lines: torn, allowed: 0 } })
  for (const line of formatVerdict(verdict).split('\n')) say(line)
  for (const { fault, acknowledged, p50Ms, p99Ms, clientOutageMs } of latencies(records))
    say(
      `${fault}: ${acknowledged} acknowledged, half within ${Math.round(p50Ms)} ms, 99 of 100 within ${Math.round(p99Ms)} ms, ` +
        `the longest wait of one client ${(clientOutageMs / 1_000).toFixed(1)} s`,
    )
  if (!verdict.passed) wrong(`${verdict.findings.length} promises are broken`)
  for (const problem of shownProblems(records)) wrong(problem)
}

async function readTheEnd({ release, bots, journalDir }: Scene): Promise<readonly string[]> {
  await using nats = await forward(release.namespace, `${release.fullName}-nats`, NATS_PORT)
  await using mongodb = await forward(release.namespace, `${release.fullName}-mongodb`, MONGODB_PORT)
  using journal = new Journal(join(journalDir, 'final.jsonl'), 'final')
  const { unsettled } = await finalReads(
    {
      url: release.url,
      natsUrls: [`nats://127.0.0.1:${nats.port}`],
      mongoUrl: `mongodb://127.0.0.1:${mongodb.port}/?directConnection=true`,
      namespace: 'sb',
      database: 'switchboard',
      rooms: bots.rooms.map(({ room }) => room),
      users: bots.users,
      present: (msMin) => bots.present(msMin),
    },
    journal,
  )
  return unsettled
}
